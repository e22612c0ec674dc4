<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="es_ES" sourcelanguage="en">
<context>
    <name />
    <message>
        <source>"{typed}" is no fingerprint</source>
        <translation>"{typed}" no es una huella de clave</translation>
    </message>
    <message>
        <source>"{what}" was not done: a {kind} never changes</source>
        <translation>No se hizo "{what}": un registro de este tipo ({kind}) nunca cambia</translation>
    </message>
    <message>
        <source>"{what}" was not done: the first read cannot change once the AI was revealed</source>
        <translation>No se hizo "{what}": la primera lectura no puede cambiar una vez revelada la IA</translation>
    </message>
    <message>
        <source>"{what}" was not done: the impression and the last read would contradict each other</source>
        <translation>No se hizo "{what}": la impresión y la última lectura se contradirían</translation>
    </message>
    <message>
        <source>"{what}" was not done: the {kind} changed meanwhile</source>
        <translation>No se hizo "{what}": el registro ({kind}) cambió entretanto</translation>
    </message>
    <message>
        <source>"{what}" was not done: this is not the signature of the visit</source>
        <translation>No se hizo "{what}": esta no es la firma de la visita</translation>
    </message>
    <message>
        <source>"{what}" was not done: this visit is signed</source>
        <translation>No se hizo "{what}": esta visita está firmada</translation>
    </message>
    <message>
        <source>"{what}" was not done: {why}</source>
        <translation>No se hizo "{what}": {why}</translation>
    </message>
    <message>
        <source># User guide

The guide was not installed with this program. `?` shows the keys of each page.</source>
        <translation># Guía del usuario

La guía no se instaló con este programa. `?` muestra las teclas de cada página.</translation>
    </message>
    <message>
        <source>% come again, unannounced</source>
        <translation>% se repiten, sin aviso</translation>
    </message>
    <message numerus="yes">
        <source>%n (run|runs) of learning that (is|are) not finished can be gone on with in {folder} only</source>
        <translation>
            <numerusform>%n aprendizaje sin terminar solo se puede continuar en {folder}</numerusform>
            <numerusform>%n aprendizajes sin terminar solo se pueden continuar en {folder}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n (woman|women)</source>
        <translation>
            <numerusform>%n paciente</numerusform>
            <numerusform>%n pacientes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n awaited</source>
        <translation>
            <numerusform>%n pendiente</numerusform>
            <numerusform>%n pendientes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n box(es)</source>
        <translation>
            <numerusform>%n recuadro</numerusform>
            <numerusform>%n recuadros</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n cannot be graded</source>
        <translation>
            <numerusform>%n con grado no asignable</numerusform>
            <numerusform>%n con grado no asignable</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s)</source>
        <translation>
            <numerusform>%n caso</numerusform>
            <numerusform>%n casos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of the locked test that they grade differently:</source>
        <translation>
            <numerusform>%n caso de la prueba bloqueada al que asignan grados distintos:</numerusform>
            <numerusform>%n casos de la prueba bloqueada a los que asignan grados distintos:</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of {women} can be used: to learn from, to calibrate and to test.</source>
        <translation>
            <numerusform>Se puede usar %n caso de {women}: para aprender, calibrar y probar.</numerusform>
            <numerusform>Se pueden usar %n casos de {women}: para aprender, calibrar y probar.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n clips were being recorded when the program ended: what was recorded until then is in the library</source>
        <translation>
            <numerusform>Se estaba grabando %n clip cuando el programa terminó: lo grabado hasta entonces está en la biblioteca</numerusform>
            <numerusform>Se estaban grabando %n clips cuando el programa terminó: lo grabado hasta entonces está en la biblioteca</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n corner(s): Enter or the first corner closes them</source>
        <translation>
            <numerusform>%n vértice: Intro o el primer vértice cierra el trazo</numerusform>
            <numerusform>%n vértices: Intro o el primer vértice cierra el trazo</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s)</source>
        <translation>
            <numerusform>%n día</numerusform>
            <numerusform>%n días</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s), overdue</source>
        <translation>
            <numerusform>%n día, atrasado</numerusform>
            <numerusform>%n días, atrasado</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n epoch(s)</source>
        <translation>
            <numerusform>%n época</numerusform>
            <numerusform>%n épocas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s)</source>
        <translation>
            <numerusform>%n archivo</numerusform>
            <numerusform>%n archivos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) not brought in</source>
        <translation>
            <numerusform>%n archivo no incorporado</numerusform>
            <numerusform>%n archivos no incorporados</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n grade(s) apart</source>
        <translation>
            <numerusform>%n grado de diferencia</numerusform>
            <numerusform>%n grados de diferencia</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n left out</source>
        <translation>
            <numerusform>%n omitido</numerusform>
            <numerusform>%n omitidos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n línea</numerusform>
            <numerusform>%n líneas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) found</source>
        <translation>
            <numerusform>%n línea encontrada</numerusform>
            <numerusform>%n líneas encontradas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s) without keys or mouse</source>
        <translation>
            <numerusform>%n minuto sin teclado ni ratón</numerusform>
            <numerusform>%n minutos sin teclado ni ratón</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n missed</source>
        <translation>
            <numerusform>%n no realizado</numerusform>
            <numerusform>%n no realizados</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n moment(s) of acetic acid</source>
        <translation>
            <numerusform>%n momento de ácido acético</numerusform>
            <numerusform>%n momentos de ácido acético</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait)</source>
        <translation>
            <numerusform>%n imagen nueva en espera</numerusform>
            <numerusform>%n imágenes nuevas en espera</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait): open her visit</source>
        <translation>
            <numerusform>%n imagen nueva en espera: abra la visita de la paciente</numerusform>
            <numerusform>%n imágenes nuevas en espera: abra la visita de la paciente</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n not shown</source>
        <translation>
            <numerusform>%n no mostrado</numerusform>
            <numerusform>%n no mostrados</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n note(s) of no harm, such as heatmaps that are made again when needed.</source>
        <translation>
            <numerusform>%n nota sin perjuicio, como mapas de calor que se rehacen cuando hace falta.</numerusform>
            <numerusform>%n notas sin perjuicio, como mapas de calor que se rehacen cuando hace falta.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of them not in sight yet: scroll to the end.</source>
        <translation>
            <numerusform>%n de ellas aún no se ha visto: desplácese hasta el final.</numerusform>
            <numerusform>%n de ellas aún no se han visto: desplácese hasta el final.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of {points} points (lies|lie) outside the white-light picture ({width} x {height} pixels)</source>
        <translation>
            <numerusform>%n de {points} puntos está fuera de la imagen de luz blanca ({width} x {height} píxeles)</numerusform>
            <numerusform>%n de {points} puntos están fuera de la imagen de luz blanca ({width} x {height} píxeles)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of hers here (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation>
            <numerusform>%n imagen más de ella aquí consta como de otra paciente ({identifier}): esta puede ser de esa otra</numerusform>
            <numerusform>%n imágenes más de ella aquí constan como de otra paciente ({identifier}): esta puede ser de esa otra</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of this visit (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation>
            <numerusform>%n imagen más de esta visita consta como de otra paciente ({identifier}): esta puede ser de esa otra</numerusform>
            <numerusform>%n imágenes más de esta visita constan como de otra paciente ({identifier}): esta puede ser de esa otra</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s)</source>
        <translation>
            <numerusform>%n par</numerusform>
            <numerusform>%n pares</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (comes|come) again, {gap} pairs or more after the first read.</source>
        <translation>
            <numerusform>%n par se repite, {gap} pares o más después de la primera lectura.</numerusform>
            <numerusform>%n pares se repiten, {gap} pares o más después de la primera lectura.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (was|were) read by fewer than the {readers} people that it asked for: (its|their) label(s) will say so</source>
        <translation>
            <numerusform>%n par fue leído por menos de las {readers} personas que se pedían: su etiqueta lo indicará</numerusform>
            <numerusform>%n pares fueron leídos por menos de las {readers} personas que se pedían: sus etiquetas lo indicarán</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) of {women}</source>
        <translation>
            <numerusform>%n par de {women}</numerusform>
            <numerusform>%n pares de {women}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s)</source>
        <translation>
            <numerusform>%n paciente</numerusform>
            <numerusform>%n pacientes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s) (is|are) too few: none is left for {part}</source>
        <translation>
            <numerusform>%n paciente es muy poco: no queda ninguna para {part}</numerusform>
            <numerusform>%n pacientes son muy pocas: no queda ninguna para {part}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s)</source>
        <translation>
            <numerusform>%n imagen</numerusform>
            <numerusform>%n imágenes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} already there, {skipped} skipped</source>
        <translation>
            <numerusform>%n imagen añadida, {there} ya estaban, {skipped} omitidas</numerusform>
            <numerusform>%n imágenes añadidas, {there} ya estaban, {skipped} omitidas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} there already, {skipped} left out</source>
        <translation>
            <numerusform>%n imagen añadida, {there} ya estaban, {skipped} omitidas</numerusform>
            <numerusform>%n imágenes añadidas, {there} ya estaban, {skipped} omitidas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) cannot be read.</source>
        <translation>
            <numerusform>No se puede leer %n imagen.</numerusform>
            <numerusform>No se pueden leer %n imágenes.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) checked, the records and the audit trail: {problems}.</source>
        <translation>
            <numerusform>%n imagen comprobada, más los registros y el registro de auditoría: {problems}.</numerusform>
            <numerusform>%n imágenes comprobadas, más los registros y el registro de auditoría: {problems}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) in this visit; none taken since it was opened</source>
        <translation>
            <numerusform>%n imagen en esta visita; ninguna tomada desde que se abrió</numerusform>
            <numerusform>%n imágenes en esta visita; ninguna tomada desde que se abrió</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of the examination</source>
        <translation>
            <numerusform>%n imagen de la exploración</numerusform>
            <numerusform>%n imágenes de la exploración</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women}</source>
        <translation>
            <numerusform>%n imagen de {women}</numerusform>
            <numerusform>%n imágenes de {women}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women} ready</source>
        <translation>
            <numerusform>%n imagen de {women} lista</numerusform>
            <numerusform>%n imágenes de {women} listas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) without known seconds left out.</source>
        <translation>
            <numerusform>%n imagen sin segundos conocidos omitida.</numerusform>
            <numerusform>%n imágenes sin segundos conocidos omitidas.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pictures that were taken are not in the library yet, held here and tried again.</source>
        <translation>
            <numerusform>%n imagen tomada aún no está en la biblioteca; se conserva aquí y se reintenta.</numerusform>
            <numerusform>%n imágenes tomadas aún no están en la biblioteca; se conservan aquí y se reintenta.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pins</source>
        <translation>
            <numerusform>%n marca</numerusform>
            <numerusform>%n marcas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation>
            <numerusform>%n problema</numerusform>
            <numerusform>%n problemas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s)</source>
        <comment>pairs that somebody read</comment>
        <translation>
            <numerusform>%n lectura</numerusform>
            <numerusform>%n lecturas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s) (counts|count) in no figure but those marked AI seen</source>
        <translation>
            <numerusform>%n lectura no cuenta en ninguna cifra salvo las marcadas como IA vista</numerusform>
            <numerusform>%n lecturas no cuentan en ninguna cifra salvo las marcadas como IA vista</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s)</source>
        <translation>
            <numerusform>%n región</numerusform>
            <numerusform>%n regiones</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s); draw the next one</source>
        <translation>
            <numerusform>%n región; dibuje la siguiente</numerusform>
            <numerusform>%n regiones; dibuje la siguiente</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n regions</source>
        <translation>
            <numerusform>%n región</numerusform>
            <numerusform>%n regiones</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n signed visit(s) of this woman: the correction will be noted in (its|their) report(s).</source>
        <translation>
            <numerusform>%n visita firmada de esta paciente: la corrección se anotará en su informe.</numerusform>
            <numerusform>%n visitas firmadas de esta paciente: la corrección se anotará en sus informes.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n to be checked.</source>
        <translation>
            <numerusform>%n por comprobar.</numerusform>
            <numerusform>%n por comprobar.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s)</source>
        <translation>
            <numerusform>%n visita</numerusform>
            <numerusform>%n visitas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) (is|are) found; those with pictures give a pair each</source>
        <translation>
            <numerusform>Se encontró %n visita; si tiene imágenes, da un par</numerusform>
            <numerusform>Se encontraron %n visitas; cada una con imágenes da un par</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) found</source>
        <translation>
            <numerusform>%n visita encontrada</numerusform>
            <numerusform>%n visitas encontradas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) not assigned to a patient yet: not in the set.</source>
        <translation>
            <numerusform>%n visita aún no asignada a una paciente: fuera del conjunto.</numerusform>
            <numerusform>%n visitas aún no asignadas a una paciente: fuera del conjunto.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) with a grade to train on.</source>
        <translation>
            <numerusform>%n visita con grado para entrenar.</numerusform>
            <numerusform>%n visitas con grado para entrenar.</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Add pictures...</source>
        <translation>&amp;Añadir imágenes...</translation>
    </message>
    <message>
        <source>&amp;Again</source>
        <translation>&amp;Repetir</translation>
    </message>
    <message>
        <source>&amp;All keyboard shortcuts</source>
        <translation>Todos los &amp;atajos de teclado</translation>
    </message>
    <message>
        <source>&amp;Annotate</source>
        <translation>&amp;Anotación</translation>
    </message>
    <message>
        <source>&amp;Bring a model file...</source>
        <translation>&amp;Incorporar un archivo de modelo...</translation>
    </message>
    <message>
        <source>&amp;Capture</source>
        <translation>&amp;Captura</translation>
    </message>
    <message>
        <source>&amp;Choose</source>
        <translation>&amp;Elegir</translation>
    </message>
    <message>
        <source>&amp;Close the message</source>
        <translation>C&amp;errar el mensaje</translation>
    </message>
    <message>
        <source>&amp;Confirm guesses</source>
        <translation>&amp;Confirmar suposiciones</translation>
    </message>
    <message>
        <source>&amp;Contents</source>
        <translation>Ín&amp;dice</translation>
    </message>
    <message>
        <source>&amp;Count the cases again</source>
        <translation>&amp;Contar los casos de nuevo</translation>
    </message>
    <message>
        <source>&amp;Dark or light theme</source>
        <translation>&amp;Tema oscuro o claro</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Editar</translation>
    </message>
    <message>
        <source>&amp;Edit patient...</source>
        <translation>&amp;Editar paciente...</translation>
    </message>
    <message>
        <source>&amp;Encrypted, for pictures of real women</source>
        <translation>C&amp;ifrada, para imágenes de pacientes reales</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>Ar&amp;chivo</translation>
    </message>
    <message>
        <source>&amp;Find a visit</source>
        <translation>&amp;Buscar una visita</translation>
    </message>
    <message>
        <source>&amp;Fine-tune on my cases</source>
        <translation>&amp;Ajuste fino con mis casos</translation>
    </message>
    <message>
        <source>&amp;Full screen</source>
        <translation>&amp;Pantalla completa</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>Ay&amp;uda</translation>
    </message>
    <message>
        <source>&amp;Hide or show everything</source>
        <translation>&amp;Ocultar o mostrar todo</translation>
    </message>
    <message>
        <source>&amp;Histology inbox...</source>
        <translation>Bandeja de &amp;histología...</translation>
    </message>
    <message>
        <source>&amp;Import</source>
        <translation>&amp;Importar</translation>
    </message>
    <message>
        <source>&amp;Import pictures...</source>
        <translation>&amp;Importar imágenes...</translation>
    </message>
    <message>
        <source>&amp;Install an update...</source>
        <translation>&amp;Instalar una actualización...</translation>
    </message>
    <message>
        <source>&amp;Keys of this page</source>
        <translation>&amp;Teclas de esta página</translation>
    </message>
    <message>
        <source>&amp;Leave out</source>
        <translation>&amp;Omitir</translation>
    </message>
    <message>
        <source>&amp;Look again: for tasks, or for the pictures of the pair</source>
        <translation>Buscar de n&amp;uevo: tareas, o las imágenes del par</translation>
    </message>
    <message>
        <source>&amp;Look in:</source>
        <translation>&amp;Buscar en:</translation>
    </message>
    <message>
        <source>&amp;Make this folder</source>
        <translation>Cr&amp;ear esta carpeta</translation>
    </message>
    <message>
        <source>&amp;Models</source>
        <translation>&amp;Modelos</translation>
    </message>
    <message>
        <source>&amp;Move visit to another patient...</source>
        <translation>&amp;Mover visita a otra paciente...</translation>
    </message>
    <message>
        <source>&amp;Move...</source>
        <translation>&amp;Mover...</translation>
    </message>
    <message>
        <source>&amp;New task...</source>
        <translation>&amp;Nueva tarea...</translation>
    </message>
    <message>
        <source>&amp;Next one that is not done</source>
        <translation>Siguiente &amp;pendiente</translation>
    </message>
    <message>
        <source>&amp;Not encrypted, for demonstrations and research without names</source>
        <translation>&amp;Sin cifrar, para demostraciones e investigación sin nombres</translation>
    </message>
    <message>
        <source>&amp;Only unsure or missing</source>
        <translation>&amp;Solo dudosos o faltantes</translation>
    </message>
    <message>
        <source>&amp;Open another library...</source>
        <translation>&amp;Abrir otra biblioteca...</translation>
    </message>
    <message>
        <source>&amp;Open visit</source>
        <translation>A&amp;brir visita</translation>
    </message>
    <message>
        <source>&amp;Page before</source>
        <translation>&amp;Página anterior</translation>
    </message>
    <message>
        <source>&amp;Pair</source>
        <translation>Empare&amp;jar</translation>
    </message>
    <message>
        <source>&amp;Password</source>
        <translation>&amp;Contraseña</translation>
    </message>
    <message>
        <source>&amp;Pause the run, or let it go on</source>
        <translation>&amp;Pausar el aprendizaje o continuarlo</translation>
    </message>
    <message>
        <source>&amp;Print...</source>
        <translation>Im&amp;primir...</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Salir</translation>
    </message>
    <message>
        <source>&amp;Read the lists again</source>
        <translation>&amp;Volver a leer las listas</translation>
    </message>
    <message>
        <source>&amp;Read the model folders again</source>
        <translation>Volver a &amp;leer las carpetas de modelos</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Rehacer</translation>
    </message>
    <message>
        <source>&amp;Remove empty visit...</source>
        <translation>&amp;Quitar visita vacía...</translation>
    </message>
    <message>
        <source>&amp;Review</source>
        <translation>&amp;Revisión</translation>
    </message>
    <message>
        <source>&amp;Search the list</source>
        <translation>&amp;Buscar en la lista</translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation>A&amp;justes</translation>
    </message>
    <message>
        <source>&amp;Show what is typed</source>
        <translation>&amp;Mostrar lo que se escribe</translation>
    </message>
    <message>
        <source>&amp;Sign out</source>
        <translation>&amp;Cerrar sesión</translation>
    </message>
    <message>
        <source>&amp;Stage...</source>
        <translation>&amp;Fase...</translation>
    </message>
    <message>
        <source>&amp;Take again</source>
        <translation>Volver a &amp;incluir</translation>
    </message>
    <message>
        <source>&amp;Take the tour</source>
        <translation>&amp;Hacer el recorrido</translation>
    </message>
    <message>
        <source>&amp;Today</source>
        <translation>&amp;Hoy</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Deshacer</translation>
    </message>
    <message>
        <source>&amp;User guide</source>
        <translation>&amp;Guía del usuario</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ver</translation>
    </message>
    <message>
        <source>&amp;Woman...</source>
        <translation>&amp;Paciente...</translation>
    </message>
    <message>
        <source>(2 of 2)</source>
        <translation>(2 de 2)</translation>
    </message>
    <message>
        <source>(2 to {count} of {count})</source>
        <translation>(2 a {count} de {count})</translation>
    </message>
    <message>
        <source>(chosen in Today)</source>
        <translation>(elegida en Hoy)</translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation>(vacío)</translation>
    </message>
    <message>
        <source>(error {error:.2f})</source>
        <translation>(error {error:.2f})</translation>
    </message>
    <message>
        <source>(no name)</source>
        <translation>(sin nombre)</translation>
    </message>
    <message>
        <source>(of {parts} parts the longest)</source>
        <translation>(la más larga de {parts} partes)</translation>
    </message>
    <message>
        <source>(open in Review)</source>
        <translation>(abierta en Revisión)</translation>
    </message>
    <message>
        <source>({pairs:,} seen in Decide)</source>
        <translation>({pairs:,} vistos en Decidir)</translation>
    </message>
    <message>
        <source>({reads} compared)</source>
        <translation>({reads} comparadas)</translation>
    </message>
    <message>
        <source>+ and -, wheel</source>
        <translation>+ y -, rueda</translation>
    </message>
    <message>
        <source>+, -, wheel</source>
        <translation>+, -, rueda</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between words in a row</comment>
        <translation>, </translation>
    </message>
    <message>
        <source>, and .</source>
        <translation>, y .</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}</source>
        <translation>, {done:,} de {total:,}</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, about {minutes:,} min left</source>
        <translation>, {done:,} de {total:,}, quedan unos {minutes:,} min</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, less than a minute left</source>
        <translation>, {done:,} de {total:,}, queda menos de un minuto</translation>
    </message>
    <message>
        <source>--points and --mapped go together</source>
        <translation>--points y --mapped van juntos</translation>
    </message>
    <message>
        <source>... and {count} more</source>
        <translation>... y {count} más</translation>
    </message>
    <message>
        <source>... and {more:,} more.</source>
        <translation>... y {more:,} más.</translation>
    </message>
    <message>
        <source>... and {more} more; pfm audit verify lists them all.</source>
        <translation>... y {more} más; pfm audit verify los enumera todos.</translation>
    </message>
    <message>
        <source>0 least</source>
        <comment>end of a scale</comment>
        <translation>0 mínimo</translation>
    </message>
    <message>
        <source>0 none</source>
        <comment>end of a scale</comment>
        <translation>0 nada</translation>
    </message>
    <message>
        <source>1 a second</source>
        <translation>1 por segundo</translation>
    </message>
    <message>
        <source>1 in 2 s</source>
        <translation>1 cada 2 s</translation>
    </message>
    <message>
        <source>1 is as strong as in half of the lesions, of the grade that the map speaks for, which the model graded rightly when it was calibrated; where this picture is stronger, its strongest place is 1.</source>
        <translation>1 es tan intenso como en la mitad de las lesiones, del grado al que apunta el mapa, que el modelo graduó correctamente cuando se calibró; donde esta imagen es más intensa, su lugar más intenso es 1.</translation>
    </message>
    <message>
        <source>1 most here</source>
        <comment>end of a scale</comment>
        <translation>1 máximo aquí</translation>
    </message>
    <message>
        <source>1 strong</source>
        <comment>end of a scale</comment>
        <translation>1 fuerte</translation>
    </message>
    <message>
        <source>1 visit is found</source>
        <translation>Se encontró 1 visita</translation>
    </message>
    <message>
        <source>10 a second</source>
        <translation>10 por segundo</translation>
    </message>
    <message>
        <source>16-bit scaled to 8-bit</source>
        <translation>16 bits convertidos a 8 bits</translation>
    </message>
    <message>
        <source>2 a second</source>
        <translation>2 por segundo</translation>
    </message>
    <message>
        <source>24 invented women with 40 visits are drawn by the computer; this happens once and takes a minute or two. It may be cancelled: what is drawn already is used next time.</source>
        <translation>El programa dibuja 24 pacientes inventadas con 40 visitas; ocurre una sola vez y tarda uno o dos minutos. Se puede cancelar: lo ya dibujado se usa la próxima vez.</translation>
    </message>
    <message>
        <source>3 a second</source>
        <translation>3 por segundo</translation>
    </message>
    <message>
        <source>5-15 mm or 2 quadrants</source>
        <translation>5-15 mm o 2 cuadrantes</translation>
    </message>
    <message>
        <source>&lt; 5 mm</source>
        <translation>&lt; 5 mm</translation>
    </message>
    <message>
        <source>&gt; 15 mm, 3-4 quadrants, or endocervically undefined</source>
        <translation>&gt; 15 mm, 3-4 cuadrantes, o sin límite endocervical definido</translation>
    </message>
    <message>
        <source>? all keys</source>
        <translation>? todas las teclas</translation>
    </message>
    <message>
        <source>A camera is a USB camera that was found, or an address: rtsp://..., http://... (MJPEG), genicam:SERIAL, or file:/path of a video. Numbers that stay empty are left to the camera; white balance in fluorescence is never automatic.</source>
        <translation>Una cámara es una cámara USB que se encontró, o una dirección: rtsp://..., http://... (MJPEG), genicam:SERIAL, o file:/ruta de un video. Los números que quedan vacíos se dejan a la cámara; el balance de blancos en fluorescencia nunca es automático.</translation>
    </message>
    <message>
        <source>A change afterwards takes a reason and another signature.</source>
        <translation>Un cambio posterior requiere un motivo y otra firma.</translation>
    </message>
    <message>
        <source>A clip is removed on the Capture page, under Clips. Nothing was changed.</source>
        <translation>Los clips se quitan en la página Captura, en Clips. No se cambió nada.</translation>
    </message>
    <message>
        <source>A clip was being recorded when the program ended: what was recorded until then is in the library</source>
        <translation>Se estaba grabando un clip cuando el programa terminó: lo grabado hasta entonces está en la biblioteca</translation>
    </message>
    <message>
        <source>A device that saves pictures into a folder</source>
        <translation>Un dispositivo que guarda imágenes en una carpeta</translation>
    </message>
    <message>
        <source>A file import.csv in a chosen folder (patient,visit_time,stage,source,file) is followed.</source>
        <translation>Si la carpeta elegida contiene un archivo import.csv (patient,visit_time,stage,source,file), se aplica.</translation>
    </message>
    <message>
        <source>A model from elsewhere</source>
        <translation>Un modelo de otro lugar</translation>
    </message>
    <message>
        <source>A model is being learned</source>
        <translation>Se está aprendiendo un modelo</translation>
    </message>
    <message>
        <source>A model was learned. It is in quarantine until it is compared and promoted in Fine-tune.</source>
        <translation>Se aprendió un modelo. Está en cuarentena hasta que se compare y se promueva en Ajuste fino.</translation>
    </message>
    <message>
        <source>A narrower window has more contrast</source>
        <translation>Una ventana más estrecha da más contraste</translation>
    </message>
    <message>
        <source>A new patient</source>
        <translation>Una paciente nueva</translation>
    </message>
    <message>
        <source>A new recovery key was made; the one before opens nothing any more.</source>
        <translation>Se creó una nueva clave de recuperación; la anterior ya no abre nada.</translation>
    </message>
    <message>
        <source>A pair needs one white-light and one fluorescence picture, or beside plain white light one through a green filter or after Lugol's iodine.</source>
        <translation>Un par necesita una imagen de luz blanca y una de fluorescencia o, junto a la luz blanca simple, una con filtro verde o tras el lugol.</translation>
    </message>
    <message>
        <source>A pair that somebody read here gets its label from readers once {readers} people have read it (also in other tasks), or the task is closed.</source>
        <translation>Un par que alguien leyó aquí recibe su etiqueta de los lectores cuando {readers} personas lo han leído (también en otras tareas) o se cierra la tarea.</translation>
    </message>
    <message>
        <source>A picture of an earlier visit beside the one on the stage (F7)</source>
        <translation>Una imagen de una visita anterior junto a la del visor (F7)</translation>
    </message>
    <message>
        <source>A picture of the sequence is no longer in this visit: the player was closed.</source>
        <translation>Una imagen de la secuencia ya no está en esta visita: se cerró el reproductor.</translation>
    </message>
    <message>
        <source>A picture that is being taken</source>
        <translation>Una imagen que se está tomando</translation>
    </message>
    <message>
        <source>A picture that was taken is not in the library yet, held here and tried again.</source>
        <translation>Una imagen tomada aún no está en la biblioteca; se conserva aquí y se reintenta.</translation>
    </message>
    <message>
        <source>A picture was taken just now. Press again when acetic acid is on: that starts the clock.</source>
        <translation>Acaba de tomarse una imagen. Pulse otra vez cuando se aplique el ácido acético: eso pone en marcha el reloj.</translation>
    </message>
    <message>
        <source>A pot takes {count} characters. What is beyond them was not taken in.</source>
        <translation>Un frasco admite {count} caracteres. Lo que excede no se guardó.</translation>
    </message>
    <message>
        <source>A result is overdue after</source>
        <translation>Un resultado está atrasado después de</translation>
    </message>
    <message>
        <source>A saved report goes on record, with your name, at the next sign-in with which the library is written.</source>
        <translation>Un informe guardado queda registrado, con su nombre, en el próximo inicio de sesión en que se escriba en la biblioteca.</translation>
    </message>
    <message>
        <source>A saved report is not recorded here: the library is read-only.</source>
        <translation>Un informe guardado no queda registrado aquí: la biblioteca es de solo lectura.</translation>
    </message>
    <message>
        <source>A second read that differs needs a reason.</source>
        <translation>Una segunda lectura que difiere necesita un motivo.</translation>
    </message>
    <message>
        <source>A sequence is played. Press Esc to go back to the pair first.</source>
        <translation>Se reproduce una secuencia. Pulse Esc para volver antes al par.</translation>
    </message>
    <message>
        <source>A text</source>
        <translation>Un texto</translation>
    </message>
    <message>
        <source>A visit of their own</source>
        <translation>Una visita propia</translation>
    </message>
    <message>
        <source>A visit without an impression cannot be signed (Findings).</source>
        <translation>Una visita sin impresión no se puede firmar (Hallazgos).</translation>
    </message>
    <message>
        <source>A&amp;bout pfm_desktop</source>
        <translation>A&amp;cerca de pfm_desktop</translation>
    </message>
    <message>
        <source>AI</source>
        <comment>tab</comment>
        <translation>IA</translation>
    </message>
    <message>
        <source>AI</source>
        <translation>IA</translation>
    </message>
    <message>
        <source>AI answer</source>
        <translation>Respuesta de la IA</translation>
    </message>
    <message>
        <source>AI answer in Annotate</source>
        <translation>Respuesta de la IA en Anotación</translation>
    </message>
    <message>
        <source>AI answer: {words}</source>
        <translation>Respuesta de la IA: {words}</translation>
    </message>
    <message>
        <source>AI answers revealed</source>
        <translation>Respuestas de la IA reveladas</translation>
    </message>
    <message>
        <source>AI in Annotate</source>
        <translation>IA en Anotación</translation>
    </message>
    <message>
        <source>AI may be seen after the grade</source>
        <translation>La IA puede verse después del grado</translation>
    </message>
    <message>
        <source>AI may be seen before the grade</source>
        <translation>La IA puede verse antes del grado</translation>
    </message>
    <message>
        <source>AI may be shown before the grade</source>
        <translation>La IA puede mostrarse antes del grado</translation>
    </message>
    <message>
        <source>AI revealed</source>
        <translation>IA revelada</translation>
    </message>
    <message>
        <source>AI revealed at</source>
        <translation>Hora de revelación de la IA</translation>
    </message>
    <message>
        <source>AI revealed: {moment}</source>
        <translation>IA revelada: {moment}</translation>
    </message>
    <message>
        <source>AI revealed: {moment}, without a first read</source>
        <translation>IA revelada: {moment}, sin primera lectura</translation>
    </message>
    <message>
        <source>AI revealed: {when}</source>
        <translation>IA revelada: {when}</translation>
    </message>
    <message>
        <source>AI seen before</source>
        <translation>IA vista antes</translation>
    </message>
    <message>
        <source>AI shown to a reader</source>
        <translation>IA mostrada a un lector</translation>
    </message>
    <message>
        <source>ALL visits of this library</source>
        <translation>TODAS las visitas de esta biblioteca</translation>
    </message>
    <message>
        <source>AW acetowhite, P punctation, M mosaic, AV atypical vessels, I iodine negative, x biopsy; SCJ dashed</source>
        <translation>AW acetoblanco, P punteado, M mosaico, AV vasos atípicos, I yodo negativo, x biopsia; UEC en línea discontinua</translation>
    </message>
    <message>
        <source>About</source>
        <comment>whom a line is about</comment>
        <translation>Sobre quién</translation>
    </message>
    <message>
        <source>About</source>
        <translation>Acerca de</translation>
    </message>
    <message>
        <source>About 65 of 100 women are learned from, 20 calibrate (at least 12 of a grade, or a third) and 15 are the locked test, for good.</source>
        <translation>De cada 100 pacientes, unas 65 servirán para aprender, 20 para calibrar (al menos 12 de un grado, o un tercio) y 15 formarán la prueba bloqueada, definitivamente.</translation>
    </message>
    <message>
        <source>About a crash</source>
        <translation>Sobre un cierre inesperado</translation>
    </message>
    <message>
        <source>About the patient with this ID</source>
        <translation>Sobre la paciente con este ID</translation>
    </message>
    <message>
        <source>Absent</source>
        <translation>Ausentes</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>Cuenta</translation>
    </message>
    <message>
        <source>Acetic acid</source>
        <translation>Ácido acético</translation>
    </message>
    <message>
        <source>Acetic acid applied at</source>
        <translation>Hora de aplicación del ácido acético</translation>
    </message>
    <message>
        <source>Acetic acid applied: {when}</source>
        <translation>Ácido acético aplicado: {when}</translation>
    </message>
    <message>
        <source>Acetic acid is on: start the clock</source>
        <translation>Ácido acético aplicado: iniciar el reloj</translation>
    </message>
    <message>
        <source>Acetic acid: start the clock</source>
        <translation>Ácido acético: iniciar el reloj</translation>
    </message>
    <message>
        <source>Aceto uptake</source>
        <translation>Captación de ácido acético</translation>
    </message>
    <message>
        <source>Acetowhite</source>
        <translation>Epitelio acetoblanco</translation>
    </message>
    <message>
        <source>Acid is on: start clock</source>
        <translation>Ácido aplicado: iniciar reloj</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Acción</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>Activa</translation>
    </message>
    <message>
        <source>Add a lesion, and draw it</source>
        <translation>Añadir una lesión y dibujarla</translation>
    </message>
    <message>
        <source>Add a person</source>
        <translation>Añadir una persona</translation>
    </message>
    <message>
        <source>Add a person...</source>
        <translation>Añadir una persona...</translation>
    </message>
    <message>
        <source>Add a step</source>
        <translation>Añadir un paso</translation>
    </message>
    <message>
        <source>Add all the same</source>
        <translation>Añadir de todos modos</translation>
    </message>
    <message>
        <source>Add endocervical sampling</source>
        <translation>Añadir toma endocervical</translation>
    </message>
    <message>
        <source>Add excision</source>
        <translation>Añadir escisión</translation>
    </message>
    <message>
        <source>Add folder...</source>
        <translation>Añadir carpeta...</translation>
    </message>
    <message>
        <source>Add her and give the visit to her</source>
        <translation>Añadirla y asignarle la visita</translation>
    </message>
    <message>
        <source>Add lesion</source>
        <translation>Añadir lesión</translation>
    </message>
    <message>
        <source>Add light and lower the camera's gain (ISO), then retake.</source>
        <translation>Añada luz y reduzca la ganancia (ISO) de la cámara; luego repita la toma.</translation>
    </message>
    <message>
        <source>Add other specimen</source>
        <translation>Añadir otra muestra</translation>
    </message>
    <message>
        <source>Add patient</source>
        <translation>Añadir paciente</translation>
    </message>
    <message>
        <source>Add pictures</source>
        <translation>Añadir imágenes</translation>
    </message>
    <message>
        <source>Add pictures ...</source>
        <translation>Añadir imágenes ...</translation>
    </message>
    <message>
        <source>Add to this visit</source>
        <translation>Añadir a esta visita</translation>
    </message>
    <message>
        <source>Add zips or files...</source>
        <translation>Añadir archivos ZIP u otros...</translation>
    </message>
    <message>
        <source>Added</source>
        <translation>Añadido</translation>
    </message>
    <message>
        <source>Adding pictures</source>
        <translation>Añadiendo imágenes</translation>
    </message>
    <message>
        <source>Adjudicates</source>
        <translation>Adjudica</translation>
    </message>
    <message>
        <source>Adjudicator: decides between readings, sees neither names nor findings</source>
        <translation>Adjudicador: decide entre lecturas, no ve nombres ni hallazgos</translation>
    </message>
    <message>
        <source>Administrator: keeps accounts, reads the audit trail, changes no visit</source>
        <translation>Administrador: gestiona cuentas, lee el registro de auditoría, no cambia ninguna visita</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Después</translation>
    </message>
    <message>
        <source>After a cra&amp;sh...</source>
        <translation>Tras un cierre &amp;inesperado...</translation>
    </message>
    <message>
        <source>After a crash</source>
        <translation>Tras un cierre inesperado</translation>
    </message>
    <message>
        <source>After a total hysterectomy there is no cervix: what is examined is the vaginal vault</source>
        <translation>Tras una histerectomía total no hay cuello uterino: lo que se explora es la cúpula vaginal</translation>
    </message>
    <message>
        <source>After acetic acid</source>
        <translation>Tras el ácido acético</translation>
    </message>
    <message>
        <source>After the other picture of its pair (s)</source>
        <translation>Tras la otra imagen de su par (s)</translation>
    </message>
    <message>
        <source>Again</source>
        <translation>Repetir</translation>
    </message>
    <message>
        <source>Against the verdict, because: {reason}.</source>
        <translation>En contra del veredicto, porque: {reason}.</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>Concordancia</translation>
    </message>
    <message>
        <source>Agreement of the readers</source>
        <translation>Concordancia de los lectores</translation>
    </message>
    <message>
        <source>Aligned with the first</source>
        <translation>Alineada con la primera</translation>
    </message>
    <message>
        <source>Aligned with the first, {error}</source>
        <translation>Alineada con la primera, {error}</translation>
    </message>
    <message>
        <source>Aligned, estimated error {error}.</source>
        <translation>Alineada, error estimado {error}.</translation>
    </message>
    <message>
        <source>Aligning the earlier picture</source>
        <translation>Alineando la imagen anterior</translation>
    </message>
    <message>
        <source>Aligning was stopped: the two are side by side, not aligned. Choose the picture again to align them.</source>
        <translation>Se detuvo la alineación: las dos están lado a lado, sin alinear. Elija la imagen de nuevo para alinearlas.</translation>
    </message>
    <message>
        <source>Aligning {number} of {frames}</source>
        <translation>Alineando {number} de {frames}</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Todas</translation>
    </message>
    <message>
        <source>All as taken</source>
        <translation>Todas como se tomaron</translation>
    </message>
    <message>
        <source>All cases ({cases:,} of {women:,} women)</source>
        <translation>Todos los casos ({cases:,} de {women:,} pacientes)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Todos los archivos (*)</translation>
    </message>
    <message>
        <source>All keys</source>
        <translation>Todas las teclas</translation>
    </message>
    <message>
        <source>All of it</source>
        <translation>Imagen entera</translation>
    </message>
    <message>
        <source>All of it is in the clipboard.</source>
        <translation>Todo está en el portapapeles.</translation>
    </message>
    <message>
        <source>All pairs are decided</source>
        <translation>Todos los pares están decididos</translation>
    </message>
    <message>
        <source>All pairs are read</source>
        <translation>Todos los pares están leídos</translation>
    </message>
    <message>
        <source>All pairs are read. Thank you.

Left goes back to them, T to the tasks.</source>
        <translation>Todos los pares están leídos. Gracias.

Izquierda vuelve a ellos, T a las tareas.</translation>
    </message>
    <message>
        <source>All readers (Fleiss)</source>
        <translation>Todos los lectores (Fleiss)</translation>
    </message>
    <message>
        <source>All steps are done</source>
        <translation>Todos los pasos están hechos</translation>
    </message>
    <message>
        <source>All that is in the file</source>
        <translation>Todo lo que hay en el archivo</translation>
    </message>
    <message>
        <source>All that the search for "{searched}" finds</source>
        <translation>Todas las que encuentra la búsqueda "{searched}"</translation>
    </message>
    <message>
        <source>All that was found</source>
        <translation>Todo lo que se encontró</translation>
    </message>
    <message>
        <source>All visits that are found have a label: change the search, or take them too</source>
        <translation>Todas las visitas encontradas tienen etiqueta: cambie la búsqueda o inclúyalas también</translation>
    </message>
    <message>
        <source>All were in sight.</source>
        <translation>Se han visto todas.</translation>
    </message>
    <message>
        <source>Allergies</source>
        <translation>Alergias</translation>
    </message>
    <message>
        <source>Allergy to iodine</source>
        <translation>Alergia al yodo</translation>
    </message>
    <message>
        <source>Already in the library</source>
        <translation>Ya en la biblioteca</translation>
    </message>
    <message>
        <source>Also before your grade, which is then one after AI. It goes on record.</source>
        <translation>También antes de su grado, que será entonces posterior a la IA. Queda registrado.</translation>
    </message>
    <message>
        <source>Also what was added</source>
        <translation>También lo añadido</translation>
    </message>
    <message>
        <source>Alt+arrows</source>
        <translation>Alt+flechas</translation>
    </message>
    <message>
        <source>Altered</source>
        <translation>Alterada</translation>
    </message>
    <message>
        <source>Amend now</source>
        <translation>Enmendar ahora</translation>
    </message>
    <message>
        <source>Amend...</source>
        <translation>Enmendar...</translation>
    </message>
    <message>
        <source>Amended by {who}: {reason}</source>
        <translation>Enmendado por {who}: {reason}</translation>
    </message>
    <message>
        <source>Amended colposcopy report</source>
        <translation>Informe de colposcopia enmendado</translation>
    </message>
    <message>
        <source>Amended: takes the place of the report that {name} signed on {day}, which is kept. Opened again by {who} on {opened}: {reason}</source>
        <translation>Enmendado: sustituye al informe que {name} firmó el {day}, que se conserva. Abierto de nuevo por {who} el {opened}: {reason}</translation>
    </message>
    <message>
        <source>Amendment of a signed report</source>
        <translation>Enmienda de un informe firmado</translation>
    </message>
    <message>
        <source>An administrator of the library gives you a new password. If nobody can sign in any more, the recovery key that was printed when the library was made lets an administrator in.</source>
        <translation>Un administrador de la biblioteca le da una contraseña nueva. Si ya nadie puede iniciar sesión, la clave de recuperación que se imprimió al crear la biblioteca permite entrar a un administrador.</translation>
    </message>
    <message>
        <source>An import is under way. Stop it, or drop these again when it is done.</source>
        <translation>Hay una importación en curso. Deténgala, o vuelva a soltar estos archivos cuando termine.</translation>
    </message>
    <message>
        <source>An unexpected error kept it from the library; it is in the log.</source>
        <translation>Un error inesperado impidió que llegara a la biblioteca; está en el registro de errores.</translation>
    </message>
    <message numerus="yes">
        <source>And %n such note(s) more.</source>
        <translation>
            <numerusform>Y %n nota más de este tipo.</numerusform>
            <numerusform>Y %n notas más de este tipo.</numerusform>
        </translation>
    </message>
    <message>
        <source>Annotate</source>
        <translation>Anotación</translation>
    </message>
    <message>
        <source>Annotator: labels pictures, sees neither names nor findings</source>
        <translation>Anotador: etiqueta imágenes, no ve nombres ni hallazgos</translation>
    </message>
    <message>
        <source>Another impression is your second read.</source>
        <translation>Otra impresión es su segunda lectura.</translation>
    </message>
    <message>
        <source>Another library...</source>
        <translation>Otra biblioteca...</translation>
    </message>
    <message>
        <source>Another visit is chosen in the list; the pictures go to this one.</source>
        <translation>En la lista está elegida otra visita; las imágenes van a esta.</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Respuesta</translation>
    </message>
    <message>
        <source>Answer: none</source>
        <translation>Respuesta: ninguna</translation>
    </message>
    <message>
        <source>Answer: {grade}. {prediction_set}</source>
        <translation>Respuesta: {grade}. {prediction_set}</translation>
    </message>
    <message>
        <source>Answered from {source} only.</source>
        <translation>Respondida solo a partir de {source}.</translation>
    </message>
    <message>
        <source>Anticoagulants</source>
        <translation>Anticoagulantes</translation>
    </message>
    <message>
        <source>Anything else that matters before the examination</source>
        <translation>Cualquier otra cosa importante antes de la exploración</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Aplicar</translation>
    </message>
    <message>
        <source>Apply points</source>
        <translation>Aplicar puntos</translation>
    </message>
    <message>
        <source>Apply to shift the picture only, or add a spot: two also turn and scale it.</source>
        <translation>Aplique para solo desplazar la imagen, o añada un punto: con dos también se gira y se escala.</translation>
    </message>
    <message>
        <source>Apply to shift, turn and scale the picture, or add a spot away from the others.</source>
        <translation>Aplique para desplazar, girar y escalar la imagen, o añada un punto alejado de los otros.</translation>
    </message>
    <message>
        <source>Apply, or add a fourth spot: only then can the fit be checked.</source>
        <translation>Aplique, o añada un cuarto punto: solo entonces se puede comprobar el ajuste.</translation>
    </message>
    <message>
        <source>Apply, or add a spot.</source>
        <translation>Aplique, o añada un punto.</translation>
    </message>
    <message>
        <source>Apply, or add a spot: from six on the picture can bend as the tissue does.</source>
        <translation>Aplique, o añada un punto: a partir de seis la imagen puede deformarse como el tejido.</translation>
    </message>
    <message>
        <source>Apr</source>
        <translation>abr</translation>
    </message>
    <message>
        <source>April</source>
        <translation>abril</translation>
    </message>
    <message>
        <source>Arrow keys or 0, 1, 2; Delete: not assessed</source>
        <translation>Teclas de flecha o 0, 1, 2; Supr: sin evaluar</translation>
    </message>
    <message>
        <source>Arrows, drag</source>
        <translation>Flechas, arrastrar</translation>
    </message>
    <message>
        <source>As drawn: {measures}</source>
        <translation>Según lo dibujado: {measures}</translation>
    </message>
    <message>
        <source>As graded: high or cancer was given. At 85 % specificity: how well HSIL+ can be told apart, with a threshold for each model that nobody uses when grading. The interval of the calibration error lies high where cases are few.</source>
        <translation>Según el grado dado: se dio alto o cáncer. Con especificidad del 85 %: lo bien que se distingue HSIL+, con un umbral para cada modelo que nadie usa al asignar grados. El intervalo del error de calibración queda alto donde hay pocos casos.</translation>
    </message>
    <message>
        <source>As in Today: name, ID, date, impression; empty: all visits</source>
        <translation>Como en Hoy: nombre, ID, fecha, impresión; vacío: todas las visitas</translation>
    </message>
    <message>
        <source>As it came with the program</source>
        <translation>Como venía con el programa</translation>
    </message>
    <message>
        <source>As one signed file, for another clinic: the model, and nothing of any patient</source>
        <translation>Como un archivo firmado, para otra clínica: el modelo, y nada de ninguna paciente</translation>
    </message>
    <message>
        <source>As recorded, not aligned</source>
        <translation>Como se grabó, sin alinear</translation>
    </message>
    <message>
        <source>As the computer</source>
        <translation>Como el sistema</translation>
    </message>
    <message>
        <source>Ask a clinician or an administrator of it.</source>
        <translation>Consulte a un clínico o a un administrador de ella.</translation>
    </message>
    <message>
        <source>Ask about</source>
        <translation>Preguntar por</translation>
    </message>
    <message>
        <source>Ask for a new library once more</source>
        <translation>Vuelva a pedir una biblioteca nueva</translation>
    </message>
    <message>
        <source>Ask for the tour once more</source>
        <translation>Vuelva a pedir el recorrido</translation>
    </message>
    <message>
        <source>Ask her to hold still, and take the pair again.</source>
        <translation>Pídale que no se mueva y tome el par de nuevo.</translation>
    </message>
    <message>
        <source>Asked with {sources} ({cases:,})</source>
        <translation>Consultado con {sources} ({cases:,})</translation>
    </message>
    <message>
        <source>Asking the library what it has already ...</source>
        <translation>Consultando qué hay ya en la biblioteca ...</translation>
    </message>
    <message>
        <source>Asking the model</source>
        <translation>Consultando el modelo</translation>
    </message>
    <message>
        <source>Attention below this value is left clear.</source>
        <translation>La atención por debajo de este valor queda transparente.</translation>
    </message>
    <message>
        <source>Audit t&amp;rail</source>
        <translation>Registro de audi&amp;toría</translation>
    </message>
    <message>
        <source>Audit trail</source>
        <translation>Registro de auditoría</translation>
    </message>
    <message>
        <source>Aug</source>
        <translation>ago</translation>
    </message>
    <message>
        <source>August</source>
        <translation>agosto</translation>
    </message>
    <message>
        <source>Automatic again</source>
        <translation>Automático de nuevo</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Volver</translation>
    </message>
    <message>
        <source>Back</source>
        <comment>to the step before</comment>
        <translation>Anterior</translation>
    </message>
    <message>
        <source>Back (Escape)</source>
        <translation>Volver (Esc)</translation>
    </message>
    <message>
        <source>Back to Models</source>
        <translation>Volver a Modelos</translation>
    </message>
    <message>
        <source>Back to Models (Escape)</source>
        <translation>Volver a Modelos (Esc)</translation>
    </message>
    <message>
        <source>Back to Settings</source>
        <translation>Volver a Ajustes</translation>
    </message>
    <message>
        <source>Back to Settings (Escape)</source>
        <translation>Volver a Ajustes (Esc)</translation>
    </message>
    <message>
        <source>Back to Today</source>
        <translation>Volver a Hoy</translation>
    </message>
    <message>
        <source>Back to Today (Escape)</source>
        <translation>Volver a Hoy (Esc)</translation>
    </message>
    <message>
        <source>Back to Today (Escape); the plan stays</source>
        <translation>Volver a Hoy (Esc); el plan se conserva</translation>
    </message>
    <message>
        <source>Back to all</source>
        <translation>Volver a todas</translation>
    </message>
    <message>
        <source>Back to default</source>
        <translation>Restablecer</translation>
    </message>
    <message>
        <source>Back to live</source>
        <translation>Volver a en vivo</translation>
    </message>
    <message>
        <source>Back to the choices</source>
        <translation>Volver a las opciones</translation>
    </message>
    <message>
        <source>Back to the pair</source>
        <translation>Volver al par</translation>
    </message>
    <message>
        <source>Back to the pictures of this visit (Esc)</source>
        <translation>Volver a las imágenes de esta visita (Esc)</translation>
    </message>
    <message>
        <source>Back to the tasks</source>
        <translation>Volver a las tareas</translation>
    </message>
    <message>
        <source>Back to {visit}</source>
        <translation>Volver a {visit}</translation>
    </message>
    <message>
        <source>Back up and install</source>
        <translation>Hacer copia e instalar</translation>
    </message>
    <message>
        <source>Back up into a folder...</source>
        <translation>Copia de seguridad en carpeta...</translation>
    </message>
    <message>
        <source>Back up now</source>
        <translation>Copia de seguridad ahora</translation>
    </message>
    <message>
        <source>Back, without a change (Escape)</source>
        <translation>Volver, sin cambios (Esc)</translation>
    </message>
    <message>
        <source>Backed up: {pictures}, {files} new.</source>
        <translation>Copia hecha: {pictures}; nuevos: {files}.</translation>
    </message>
    <message>
        <source>Backing up</source>
        <translation>Haciendo la copia de seguridad</translation>
    </message>
    <message>
        <source>Backspace</source>
        <comment>key</comment>
        <translation>Retroceso</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>Copia de seguridad</translation>
    </message>
    <message>
        <source>Backups and checks are made by clinicians and administrators.</source>
        <translation>Las copias de seguridad y las comprobaciones las hacen los clínicos y los administradores.</translation>
    </message>
    <message>
        <source>Bands of the Swede score</source>
        <translation>Rangos de la puntuación de Swede</translation>
    </message>
    <message>
        <source>Because of</source>
        <translation>Motivo</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Anterior</translation>
    </message>
    <message>
        <source>Before acetic acid</source>
        <translation>Antes del ácido acético</translation>
    </message>
    <message>
        <source>Before it was removed</source>
        <translation>Antes de su eliminación</translation>
    </message>
    <message>
        <source>Before: {before}, which answered then. New: {new}.</source>
        <translation>Anterior: {before}, que respondía entonces. Nuevo: {new}.</translation>
    </message>
    <message>
        <source>Began</source>
        <translation>Inicio</translation>
    </message>
    <message>
        <source>Begin an examination without a patient</source>
        <translation>Iniciar una exploración sin paciente</translation>
    </message>
    <message>
        <source>Begin visit</source>
        <translation>Iniciar visita</translation>
    </message>
    <message>
        <source>Begin without a patient</source>
        <translation>Iniciar sin paciente</translation>
    </message>
    <message>
        <source>Begun</source>
        <translation>Inicio</translation>
    </message>
    <message>
        <source>Being aligned ...</source>
        <translation>Alineando ...</translation>
    </message>
    <message>
        <source>Being registered ...</source>
        <translation>Alineando ...</translation>
    </message>
    <message>
        <source>Beside the picture on the stage, aligned with it (Enter)</source>
        <translation>Junto a la imagen del visor, alineada con ella (Intro)</translation>
    </message>
    <message>
        <source>Between two points</source>
        <translation>Entre dos puntos</translation>
    </message>
    <message>
        <source>Biopsies</source>
        <translation>Biopsias</translation>
    </message>
    <message>
        <source>Biopsy</source>
        <translation>Biopsia</translation>
    </message>
    <message>
        <source>Biopsy pins</source>
        <translation>Marcas de biopsia</translation>
    </message>
    <message>
        <source>Biopsy, treatment, recall, referral</source>
        <translation>Biopsia, tratamiento, control, derivación</translation>
    </message>
    <message>
        <source>Birth date</source>
        <translation>Fecha de nacimiento</translation>
    </message>
    <message>
        <source>Black margin of every picture</source>
        <translation>Margen negro de cada imagen</translation>
    </message>
    <message>
        <source>Blend</source>
        <translation>Mezcla</translation>
    </message>
    <message>
        <source>Blend: white light on the left, fluorescence on the right ([ and ])</source>
        <translation>Mezcla: luz blanca a la izquierda, fluorescencia a la derecha ([ y ])</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>Nacimiento</translation>
    </message>
    <message>
        <source>Both models grade all cases of the locked test alike.</source>
        <translation>Ambos modelos asignan el mismo grado a todos los casos de la prueba bloqueada.</translation>
    </message>
    <message>
        <source>Both sources: they are read as a pair.</source>
        <translation>Ambas fuentes: se leen como un par.</translation>
    </message>
    <message>
        <source>Both together</source>
        <translation>Ambas juntas</translation>
    </message>
    <message>
        <source>Brightness, contrast and filter ...</source>
        <translation>Brillo, contraste y filtro ...</translation>
    </message>
    <message>
        <source>Brightness, contrast and filter of each picture, for looking only (Ctrl+B); G: green filter</source>
        <translation>Brillo, contraste y filtro de cada imagen, solo para mirar (Ctrl+B); G: filtro verde</translation>
    </message>
    <message>
        <source>Bring a model file</source>
        <translation>Incorporar un archivo de modelo</translation>
    </message>
    <message>
        <source>Bring a model file...</source>
        <translation>Incorporar un archivo de modelo...</translation>
    </message>
    <message>
        <source>Bring in pictures of this folder</source>
        <translation>Incorporar imágenes de esta carpeta</translation>
    </message>
    <message>
        <source>Bring in zips or files</source>
        <translation>Incorporar archivos ZIP u otros</translation>
    </message>
    <message>
        <source>Bring it in</source>
        <translation>Incorporarlo</translation>
    </message>
    <message>
        <source>Bring the os into the middle of the picture, then retake.</source>
        <translation>Lleve el orificio externo al centro de la imagen y repita la toma.</translation>
    </message>
    <message>
        <source>Bring the whole cervix into view and into the light, then retake.</source>
        <translation>Lleve todo el cuello uterino al campo y a la luz, y repita la toma.</translation>
    </message>
    <message>
        <source>Bringing a model</source>
        <translation>Incorporando un modelo</translation>
    </message>
    <message>
        <source>Bringing a model in</source>
        <translation>Incorporando un modelo</translation>
    </message>
    <message>
        <source>Bringing in pictures</source>
        <translation>Incorporando imágenes</translation>
    </message>
    <message>
        <source>Bringing in the pictures</source>
        <translation>Incorporando las imágenes</translation>
    </message>
    <message>
        <source>Bringing it in ...</source>
        <translation>Incorporándolo ...</translation>
    </message>
    <message>
        <source>Brown</source>
        <translation>Marrón</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>Pincel</translation>
    </message>
    <message>
        <source>By</source>
        <comment>a person</comment>
        <translation>Por</translation>
    </message>
    <message>
        <source>By hand</source>
        <translation>A mano</translation>
    </message>
    <message>
        <source>By two points, {apart:.0f} pixels apart.</source>
        <translation>Por dos puntos, a {apart:.0f} píxeles de distancia.</translation>
    </message>
    <message>
        <source>By whom: part of a name</source>
        <translation>Por quién: parte de un nombre</translation>
    </message>
    <message>
        <source>CIN2 or CIN3</source>
        <translation>CIN2 o CIN3</translation>
    </message>
    <message>
        <source>CIN2+ seen as high</source>
        <translation>CIN2+ visto como alto</translation>
    </message>
    <message>
        <source>CIN3 or cancer</source>
        <translation>CIN3 o cáncer</translation>
    </message>
    <message>
        <source>CMYK converted to RGB</source>
        <translation>CMYK convertido a RGB</translation>
    </message>
    <message>
        <source>CSV (*.csv)</source>
        <translation>CSV (*.csv)</translation>
    </message>
    <message>
        <source>Ca&amp;pture</source>
        <translation>Ca&amp;ptura</translation>
    </message>
    <message>
        <source>Calibrate the scale ...</source>
        <translation>Calibrar la escala ...</translation>
    </message>
    <message>
        <source>Calibrated probabilities.</source>
        <translation>Probabilidades calibradas.</translation>
    </message>
    <message>
        <source>Calibration error (low is good)</source>
        <translation>Error de calibración (mejor si es bajo)</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Cámara</translation>
    </message>
    <message>
        <source>Canal opened by</source>
        <translation>Canal abierto con</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
    <message>
        <source>Cancel {job}</source>
        <translation>Cancelar {job}</translation>
    </message>
    <message>
        <source>Cancer</source>
        <comment>grade</comment>
        <translation>Cáncer</translation>
    </message>
    <message>
        <source>Cannot be graded</source>
        <translation>Grado no asignable</translation>
    </message>
    <message>
        <source>Cannot be graded ...</source>
        <translation>Grado no asignable ...</translation>
    </message>
    <message>
        <source>Cannot be graded, with a reason</source>
        <translation>Grado no asignable, con un motivo</translation>
    </message>
    <message>
        <source>Cannot be graded: {reason}</source>
        <translation>Grado no asignable: {reason}</translation>
    </message>
    <message>
        <source>Cannot be read: {why}</source>
        <translation>No se puede leer: {why}</translation>
    </message>
    <message>
        <source>Cannot be switched here: the library is open for reading only, and the switch must go on record.</source>
        <translation>No se puede cambiar aquí: la biblioteca está abierta solo para lectura, y el cambio debe quedar registrado.</translation>
    </message>
    <message>
        <source>Capture</source>
        <translation>Captura</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>Casos</translation>
    </message>
    <message>
        <source>Cases by grade</source>
        <translation>Casos por grado</translation>
    </message>
    <message>
        <source>Cases of this library</source>
        <translation>Casos de esta biblioteca</translation>
    </message>
    <message>
        <source>Cases that are graded differently</source>
        <translation>Casos que reciben un grado distinto</translation>
    </message>
    <message>
        <source>Cases that the figures are of</source>
        <translation>Casos a los que corresponden las cifras</translation>
    </message>
    <message>
        <source>Centring</source>
        <translation>Centrado</translation>
    </message>
    <message>
        <source>Cervix</source>
        <translation>Cuello uterino</translation>
    </message>
    <message>
        <source>Cervix tool</source>
        <translation>Herramienta de cuello uterino</translation>
    </message>
    <message>
        <source>Change ...</source>
        <translation>Cambiar ...</translation>
    </message>
    <message>
        <source>Change keys</source>
        <translation>Cambiar teclas</translation>
    </message>
    <message>
        <source>Change my impression
from {own} to {grade}</source>
        <translation>Cambiar mi impresión
de {own} a {grade}</translation>
    </message>
    <message>
        <source>Change my password...</source>
        <translation>Cambiar mi contraseña...</translation>
    </message>
    <message>
        <source>Change...</source>
        <translation>Cambiar...</translation>
    </message>
    <message>
        <source>Changes, with removals</source>
        <translation>Cambios, incluidas eliminaciones</translation>
    </message>
    <message>
        <source>Check of this computer</source>
        <translation>Comprobación de este equipo</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit and are as the camera took them, neither cut nor squeezed; if so, place four points by hand.</source>
        <translation>Compruebe que ambas imágenes muestran a la misma paciente en esta visita y están como las tomó la cámara, sin recortar ni deformar; si es así, coloque cuatro puntos a mano.</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit. If they do, place four or more points again, on spots that are sharp in both. The pictures can be looked at together meanwhile.</source>
        <translation>Compruebe que ambas imágenes muestran a la misma paciente en esta visita. Si es así, coloque de nuevo cuatro puntos o más, en lugares nítidos en ambas. Mientras tanto, las imágenes se pueden ver juntas.</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit: they have too few structures to compare.</source>
        <translation>Compruebe que ambas imágenes muestran a la misma paciente en esta visita: tienen muy pocas estructuras que comparar.</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit; if they do, place four points by hand.</source>
        <translation>Compruebe que ambas imágenes muestran a la misma paciente en esta visita; si es así, coloque cuatro puntos a mano.</translation>
    </message>
    <message>
        <source>Check the trail</source>
        <translation>Comprobar el registro</translation>
    </message>
    <message>
        <source>Check the trail, and look for this line in a backup.</source>
        <translation>Compruebe el registro de auditoría y busque esta línea en una copia de seguridad.</translation>
    </message>
    <message>
        <source>Check this &amp;computer...</source>
        <translation>Comprobar este e&amp;quipo...</translation>
    </message>
    <message>
        <source>Check this library</source>
        <translation>Comprobar esta biblioteca</translation>
    </message>
    <message>
        <source>Check weights</source>
        <translation>Comprobar pesos</translation>
    </message>
    <message>
        <source>Check: aligned only in part, {error}</source>
        <translation>Compruebe: alineada solo en parte, {error}</translation>
    </message>
    <message>
        <source>Checked: the weights are what model.toml promises, and {seal}.</source>
        <translation>Comprobado: los pesos son los que promete model.toml, y {seal}.</translation>
    </message>
    <message>
        <source>Checker</source>
        <translation>Tablero</translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>Tablero</translation>
    </message>
    <message>
        <source>Checking a model file</source>
        <translation>Comprobando un archivo de modelo</translation>
    </message>
    <message>
        <source>Checking and reading the pair</source>
        <translation>Comprobando y leyendo el par</translation>
    </message>
    <message>
        <source>Checking clips</source>
        <translation>Comprobando los clips</translation>
    </message>
    <message>
        <source>Checking pictures</source>
        <translation>Comprobando las imágenes</translation>
    </message>
    <message>
        <source>Checking quality</source>
        <translation>Comprobando la calidad</translation>
    </message>
    <message>
        <source>Checking the audit trail</source>
        <translation>Comprobando el registro de auditoría</translation>
    </message>
    <message>
        <source>Checking the clips of the backup</source>
        <translation>Comprobando los clips de la copia de seguridad</translation>
    </message>
    <message>
        <source>Checking the copy</source>
        <translation>Comprobando la copia</translation>
    </message>
    <message>
        <source>Checking the copy of the database</source>
        <translation>Comprobando la copia de la base de datos</translation>
    </message>
    <message>
        <source>Checking the database</source>
        <translation>Comprobando la base de datos</translation>
    </message>
    <message>
        <source>Checking the export</source>
        <translation>Comprobando la exportación</translation>
    </message>
    <message>
        <source>Checking the file ...</source>
        <translation>Comprobando el archivo ...</translation>
    </message>
    <message>
        <source>Checking the library</source>
        <translation>Comprobando la biblioteca</translation>
    </message>
    <message>
        <source>Checking the model</source>
        <translation>Comprobando el modelo</translation>
    </message>
    <message>
        <source>Checking the pictures of the backup</source>
        <translation>Comprobando las imágenes de la copia de seguridad</translation>
    </message>
    <message>
        <source>Checking the update file</source>
        <translation>Comprobando el archivo de actualización</translation>
    </message>
    <message>
        <source>Checking the weights</source>
        <translation>Comprobando los pesos</translation>
    </message>
    <message>
        <source>Checking the weights...</source>
        <translation>Comprobando los pesos...</translation>
    </message>
    <message>
        <source>Checking the whole trail ...</source>
        <translation>Comprobando todo el registro de auditoría ...</translation>
    </message>
    <message>
        <source>Checking what was made of the pictures</source>
        <translation>Comprobando lo generado a partir de las imágenes</translation>
    </message>
    <message>
        <source>Checking what was made of them</source>
        <translation>Comprobando lo generado a partir de ellas</translation>
    </message>
    <message>
        <source>Checking {name}</source>
        <translation>Comprobando {name}</translation>
    </message>
    <message>
        <source>Checking...</source>
        <translation>Comprobando...</translation>
    </message>
    <message>
        <source>Choice of the site</source>
        <translation>Decisión del centro</translation>
    </message>
    <message>
        <source>Choose ...</source>
        <translation>Elegir ...</translation>
    </message>
    <message>
        <source>Choose a camera, or write its address.</source>
        <translation>Elija una cámara o escriba su dirección.</translation>
    </message>
    <message>
        <source>Choose a folder...</source>
        <translation>Elegir una carpeta...</translation>
    </message>
    <message>
        <source>Choose a grade.</source>
        <translation>Elija un grado.</translation>
    </message>
    <message>
        <source>Choose a larger resolution of the camera.</source>
        <translation>Elija una resolución mayor de la cámara.</translation>
    </message>
    <message>
        <source>Choose a model for these pictures, or pictures for this model.</source>
        <translation>Elija un modelo para estas imágenes, o imágenes para este modelo.</translation>
    </message>
    <message>
        <source>Choose a row to see what is known of it, and why.</source>
        <translation>Elija una fila para ver qué se sabe de ella y por qué.</translation>
    </message>
    <message>
        <source>Choose a row: its result is entered here.</source>
        <translation>Elija una fila: su resultado se introduce aquí.</translation>
    </message>
    <message>
        <source>Choose a second camera that is another one than the first.</source>
        <translation>Elija una segunda cámara distinta de la primera.</translation>
    </message>
    <message>
        <source>Choose a visit on Today first.</source>
        <translation>Elija primero una visita en Hoy.</translation>
    </message>
    <message>
        <source>Choose a woman in the list first.</source>
        <translation>Elija primero una paciente en la lista.</translation>
    </message>
    <message>
        <source>Choose an impression first (Findings).</source>
        <translation>Elija primero una impresión (Hallazgos).</translation>
    </message>
    <message>
        <source>Choose another resolution of the camera.</source>
        <translation>Elija otra resolución de la cámara.</translation>
    </message>
    <message>
        <source>Choose files...</source>
        <translation>Elegir archivos...</translation>
    </message>
    <message>
        <source>Choose folders, zips or picture files, or drop them here. They are looked at first: whose they are, when they were taken, what they show. Nothing is brought in before you have seen it, and nothing is changed where it lies.</source>
        <translation>Elija carpetas, archivos ZIP o archivos de imagen, o suéltelos aquí. Primero se examinan: de quién son, cuándo se tomaron, qué muestran. Nada se incorpora antes de que usted lo haya visto, y nada se cambia en su lugar de origen.</translation>
    </message>
    <message>
        <source>Choose her in Today, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation>Elíjala en Hoy, o inicie ahora: la visita queda entonces sin asignar y se asigna a la paciente antes de firmarla.</translation>
    </message>
    <message>
        <source>Choose in Today</source>
        <translation>Elegir en Hoy</translation>
    </message>
    <message>
        <source>Choose one or two pictures and press Enter to put them on the stage, Delete to remove them. Enter on a clip plays it.</source>
        <translation>Elija una o dos imágenes y pulse Intro para ponerlas en el visor, Supr para quitarlas. Intro sobre un clip lo reproduce.</translation>
    </message>
    <message>
        <source>Choose or drop picture files.</source>
        <translation>Elija o suelte archivos de imagen.</translation>
    </message>
    <message>
        <source>Choose picture files</source>
        <translation>Elegir archivos de imagen</translation>
    </message>
    <message>
        <source>Choose picture files, or drop them here</source>
        <translation>Elija archivos de imagen o suéltelos aquí</translation>
    </message>
    <message>
        <source>Choose the Lugol's iodine picture that belongs to this white-light picture.</source>
        <translation>Elija la imagen con lugol que corresponde a esta imagen de luz blanca.</translation>
    </message>
    <message>
        <source>Choose the fluorescence picture that belongs to this white-light picture.</source>
        <translation>Elija la imagen de fluorescencia que corresponde a esta imagen de luz blanca.</translation>
    </message>
    <message>
        <source>Choose the folder into which the device saves.</source>
        <translation>Elija la carpeta en la que guarda el dispositivo.</translation>
    </message>
    <message>
        <source>Choose the green filter picture that belongs to this white-light picture.</source>
        <translation>Elija la imagen con filtro verde que corresponde a esta imagen de luz blanca.</translation>
    </message>
    <message>
        <source>Choose the pictures in the filmstrip first: a click, or Shift and the arrows.</source>
        <translation>Elija primero las imágenes en la tira: un clic, o Shift y las flechas.</translation>
    </message>
    <message>
        <source>Choose the pin before or after, then what is drawn; in the player: the picture before or after</source>
        <translation>Elegir la marca anterior o siguiente, luego lo dibujado; en el reproductor: la imagen anterior o siguiente</translation>
    </message>
    <message>
        <source>Choose the port of the lamp.</source>
        <translation>Elija el puerto de la lámpara.</translation>
    </message>
    <message>
        <source>Choose the white-light picture that belongs to this fluorescence picture.</source>
        <translation>Elija la imagen de luz blanca que corresponde a esta imagen de fluorescencia.</translation>
    </message>
    <message>
        <source>Choose where it is to go first.</source>
        <translation>Elija primero el destino.</translation>
    </message>
    <message>
        <source>Chosen by the camera itself</source>
        <translation>Elegido por la propia cámara</translation>
    </message>
    <message>
        <source>Chosen folders, zips and files</source>
        <translation>Carpetas, archivos ZIP y otros archivos elegidos</translation>
    </message>
    <message>
        <source>Circumference</source>
        <translation>Circunferencia</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Borrar</translation>
    </message>
    <message>
        <source>Clear filters</source>
        <translation>Borrar filtros</translation>
    </message>
    <message>
        <source>Clear the impression</source>
        <translation>Borrar la impresión</translation>
    </message>
    <message>
        <source>Clear the search: all visits again</source>
        <translation>Borrar la búsqueda: de nuevo todas las visitas</translation>
    </message>
    <message>
        <source>Click a spot that you recognise in both pictures, then the same spot in the other.</source>
        <translation>Haga clic en un punto que reconozca en ambas imágenes, luego en el mismo punto de la otra.</translation>
    </message>
    <message>
        <source>Click on the cervix, or draw round a place, to see how it whitened.</source>
        <translation>Haga clic en el cuello uterino, o dibuje alrededor de un lugar, para ver cómo blanqueó.</translation>
    </message>
    <message>
        <source>Click the external os: the centre of the clock</source>
        <translation>Haga clic en el orificio cervical externo: el centro del reloj</translation>
    </message>
    <message>
        <source>Click the page to try it; {help.tour} comes back here. Escape ends the tour.</source>
        <translation>Haga clic en la página para probarla; {help.tour} vuelve aquí. Esc termina el recorrido.</translation>
    </message>
    <message>
        <source>Click to open the visit</source>
        <translation>Haga clic para abrir la visita</translation>
    </message>
    <message>
        <source>Click to place a biopsy pin, drag one to move it</source>
        <translation>Haga clic para colocar una marca de biopsia, arrastre una para moverla</translation>
    </message>
    <message>
        <source>Clinician: sees names, examines, reads, signs</source>
        <translation>Clínico: ve nombres, explora, lee, firma</translation>
    </message>
    <message>
        <source>Clip</source>
        <translation>Clip</translation>
    </message>
    <message>
        <source>Clip (internal number)</source>
        <translation>Clip (número interno)</translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library, with the visit before.</source>
        <translation>El clip de {seconds:.0f} s está en la biblioteca, con la visita anterior.</translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library.</source>
        <translation>El clip de {seconds:.0f} s está en la biblioteca.</translation>
    </message>
    <message>
        <source>Clip, picture {place} of {count}</source>
        <translation>Clip, imagen {place} de {count}</translation>
    </message>
    <message>
        <source>Clips</source>
        <translation>Clips</translation>
    </message>
    <message>
        <source>Clips of this visit</source>
        <translation>Clips de esta visita</translation>
    </message>
    <message>
        <source>Clips of this visit, or back to the live picture</source>
        <translation>Clips de esta visita, o volver a la imagen en vivo</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Cerrar</translation>
    </message>
    <message>
        <source>Close message</source>
        <translation>Cerrar mensaje</translation>
    </message>
    <message>
        <source>Close once more</source>
        <translation>Vuelva a cerrar</translation>
    </message>
    <message>
        <source>Close the corners of a lesion</source>
        <translation>Cerrar los vértices de una lesión</translation>
    </message>
    <message>
        <source>Close the guide</source>
        <translation>Cerrar la guía</translation>
    </message>
    <message>
        <source>Close the task</source>
        <translation>Cerrar la tarea</translation>
    </message>
    <message>
        <source>Close this form first (Esc): undo is of the examination behind it.</source>
        <translation>Cierre antes este formulario (Esc): deshacer se refiere a la exploración que hay detrás.</translation>
    </message>
    <message>
        <source>Close without it</source>
        <translation>Cerrar sin ello</translation>
    </message>
    <message>
        <source>Closed</source>
        <translation>Cerrada</translation>
    </message>
    <message>
        <source>Closing words may name {fields}.</source>
        <translation>El texto final puede incluir {fields}.</translation>
    </message>
    <message>
        <source>Closing words of reports</source>
        <translation>Texto final de los informes</translation>
    </message>
    <message>
        <source>Closing: waiting for running work to stop. Close again to leave at once.</source>
        <translation>Cerrando: a la espera de que se detenga el trabajo en curso. Cierre otra vez para salir de inmediato.</translation>
    </message>
    <message>
        <source>Coarse or atypical vessels</source>
        <translation>Vasos gruesos o atípicos</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Color</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Colores</translation>
    </message>
    <message>
        <source>Colours of the model attention</source>
        <translation>Colores de la atención del modelo</translation>
    </message>
    <message>
        <source>Colposcopy in DICOM</source>
        <translation>Colposcopia en DICOM</translation>
    </message>
    <message>
        <source>Colposcopy report</source>
        <translation>Informe de colposcopia</translation>
    </message>
    <message>
        <source>Compare on the locked test</source>
        <translation>Comparar en la prueba bloqueada</translation>
    </message>
    <message>
        <source>Compare visits ...</source>
        <translation>Comparar visitas ...</translation>
    </message>
    <message>
        <source>Compare with
{visit}'s picture</source>
        <translation>Comparar con la
imagen de {visit}</translation>
    </message>
    <message>
        <source>Compare with an earlier visit ...</source>
        <translation>Comparar con una visita anterior ...</translation>
    </message>
    <message>
        <source>Compare with {visit}'s picture</source>
        <translation>Comparar con la imagen de {visit}</translation>
    </message>
    <message>
        <source>Compared on the locked test; it is to answer</source>
        <translation>Comparado en la prueba bloqueada; debe responder</translation>
    </message>
    <message>
        <source>Comparing pictures</source>
        <translation>Comparando imágenes</translation>
    </message>
    <message>
        <source>Comparing the records with the audit trail</source>
        <translation>Comparando los registros con el registro de auditoría</translation>
    </message>
    <message>
        <source>Comparing two models</source>
        <translation>Comparando dos modelos</translation>
    </message>
    <message>
        <source>Comparing {source} pictures that may be the same</source>
        <translation>Comparando imágenes de {source} que pueden ser la misma</translation>
    </message>
    <message>
        <source>Complete: nothing is missing</source>
        <translation>Completo: no falta nada</translation>
    </message>
    <message>
        <source>Comprehensive set, also missing: {titles}.</source>
        <translation>Conjunto exhaustivo, también faltan: {titles}.</translation>
    </message>
    <message>
        <source>Comprehensive set: complete.</source>
        <translation>Conjunto exhaustivo: completo.</translation>
    </message>
    <message>
        <source>Confirm a&amp;ll</source>
        <translation>Confirmar &amp;todo</translation>
    </message>
    <message>
        <source>Confirm: press again</source>
        <translation>Confirmar: pulse otra vez</translation>
    </message>
    <message>
        <source>Confirmed: {what}. Undo takes it back.</source>
        <translation>Confirmado: {what}. Deshacer lo revierte.</translation>
    </message>
    <message>
        <source>Consent</source>
        <translation>Consentimiento</translation>
    </message>
    <message>
        <source>Consent was not given</source>
        <translation>No se dio el consentimiento</translation>
    </message>
    <message>
        <source>Content</source>
        <translation>Contenido</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>Índice</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: brush</source>
        <translation>Contorno de la lesión elegida: pincel</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: eraser</source>
        <translation>Contorno de la lesión elegida: borrador</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: outline tool</source>
        <translation>Contorno de la lesión elegida: herramienta de trazado</translation>
    </message>
    <message>
        <source>Contour only</source>
        <translation>Solo contorno</translation>
    </message>
    <message>
        <source>Contours and SCJ line are hidden ({key})</source>
        <translation>Los contornos y la línea de la UEC están ocultos ({key})</translation>
    </message>
    <message>
        <source>Contraception</source>
        <translation>Anticoncepción</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>Copiar todo</translation>
    </message>
    <message>
        <source>Copying</source>
        <translation>Copiando</translation>
    </message>
    <message>
        <source>Copying the database</source>
        <translation>Copiando la base de datos</translation>
    </message>
    <message>
        <source>Corner of a lesion</source>
        <translation>Vértice de una lesión</translation>
    </message>
    <message>
        <source>Counting ...</source>
        <translation>Contando ...</translation>
    </message>
    <message>
        <source>Counting the cases ...</source>
        <translation>Contando los casos ...</translation>
    </message>
    <message>
        <source>Cover words again</source>
        <translation>Tapar de nuevo las palabras</translation>
    </message>
    <message>
        <source>Covered: blood, mucus, instrument</source>
        <translation>Tapado: sangre, moco, instrumento</translation>
    </message>
    <message>
        <source>Ctrl+Shift+R. It is put on record and cannot be taken back.</source>
        <translation>Ctrl+Shift+R. Queda registrado y no se puede revertir.</translation>
    </message>
    <message>
        <source>Ctrl+Shift+{number}; undo takes it back</source>
        <translation>Ctrl+Shift+{number}; deshacer lo revierte</translation>
    </message>
    <message>
        <source>Cytology (Bethesda)</source>
        <translation>Citología (Bethesda)</translation>
    </message>
    <message>
        <source>Cytology of</source>
        <translation>Fecha de la citología</translation>
    </message>
    <message>
        <source>DICOM WITH names: archive, another clinic</source>
        <translation>DICOM CON nombres: archivo clínico, otra clínica</translation>
    </message>
    <message>
        <source>DICOM is not read here</source>
        <translation>DICOM no se lee aquí</translation>
    </message>
    <message>
        <source>DICOM of a kind that is not known</source>
        <translation>DICOM de un tipo desconocido</translation>
    </message>
    <message>
        <source>DICOM with names goes out as it is: there is nothing to look at first.</source>
        <translation>DICOM con nombres sale tal como está: no hay nada que revisar antes.</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Oscuro</translation>
    </message>
    <message>
        <source>Dark frame taken. It is subtracted from fluorescence pictures from now on.</source>
        <translation>Fotograma oscuro tomado. Desde ahora se resta de las imágenes de fluorescencia.</translation>
    </message>
    <message>
        <source>Dashes: while learning. {done} of {all} epochs done.</source>
        <translation>Trazos: durante el aprendizaje. {done} de {all} épocas hechas.</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>Fecha</translation>
    </message>
    <message>
        <source>Day</source>
        <translation>Día</translation>
    </message>
    <message>
        <source>Day of the report, 14 Mar 2026</source>
        <translation>p. ej. 14 mar 2026</translation>
    </message>
    <message>
        <source>Dec</source>
        <translation>dic</translation>
    </message>
    <message>
        <source>December</source>
        <translation>diciembre</translation>
    </message>
    <message>
        <source>Decide between readers</source>
        <translation>Decidir entre lectores</translation>
    </message>
    <message>
        <source>Decide: pair {number:,} of {pairs:,}</source>
        <translation>Decidir: par {number:,} de {pairs:,}</translation>
    </message>
    <message>
        <source>Deciduosis, and she is not known to be pregnant</source>
        <translation>Deciduosis, y no consta que esté embarazada</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>Decisión</translation>
    </message>
    <message>
        <source>Decision of {reader}</source>
        <translation>Decisión de {reader}</translation>
    </message>
    <message>
        <source>Delete</source>
        <comment>key</comment>
        <translation>Supr</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Eliminar</translation>
    </message>
    <message>
        <source>Delete pin {letter}</source>
        <translation>Eliminar la marca {letter}</translation>
    </message>
    <message>
        <source>Delete {specimen}</source>
        <translation>Eliminar {specimen}</translation>
    </message>
    <message>
        <source>Demo library</source>
        <translation>Biblioteca de demostración</translation>
    </message>
    <message>
        <source>Demo library - phantoms, no real women</source>
        <translation>Biblioteca de demostración: fantomas, ninguna paciente real</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Dispositivo</translation>
    </message>
    <message>
        <source>Device of this workstation</source>
        <translation>Dispositivo de esta estación de trabajo</translation>
    </message>
    <message>
        <source>Device of this workstation ...</source>
        <translation>Dispositivo de esta estación de trabajo ...</translation>
    </message>
    <message>
        <source>Device {device} ({cases:,})</source>
        <translation>Dispositivo {device} ({cases:,})</translation>
    </message>
    <message>
        <source>Devices: {devices}.</source>
        <translation>Dispositivos: {devices}.</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation>Diagnóstico</translation>
    </message>
    <message>
        <source>Diagram</source>
        <translation>Diagrama</translation>
    </message>
    <message>
        <source>Diagram of the cervix</source>
        <translation>Diagrama del cuello uterino</translation>
    </message>
    <message>
        <source>Difference (95 %)</source>
        <translation>Diferencia (95 %)</translation>
    </message>
    <message>
        <source>Dimmed: not seen by the engine.</source>
        <translation>Atenuado: no visto por el motor.</translation>
    </message>
    <message>
        <source>Discussed on</source>
        <translation>Fecha de discusión</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>Visualización</translation>
    </message>
    <message>
        <source>Distance from what the model learned from</source>
        <translation>Distancia a lo aprendido por el modelo</translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not checked when this answer was made.</source>
        <translation>Distancia a lo aprendido por el modelo: no se comprobó cuando se dio esta respuesta.</translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not known, this model keeps no measure of it.</source>
        <translation>Distancia a lo aprendido por el modelo: desconocida, este modelo no guarda ninguna medida de ella.</translation>
    </message>
    <message>
        <source>Distinct, stearin-like</source>
        <translation>Nítida, como estearina</translation>
    </message>
    <message>
        <source>Distinctly yellow</source>
        <translation>Nítidamente amarillo</translation>
    </message>
    <message>
        <source>Do it</source>
        <translation>Hacerlo</translation>
    </message>
    <message>
        <source>Do not rely on grade or model attention (see AI).</source>
        <translation>No confíe en el grado ni en la atención del modelo (véase IA).</translation>
    </message>
    <message>
        <source>Do not rely on the AI answer and the model attention in this report.</source>
        <translation>No confíe en la respuesta de la IA ni en la atención del modelo de este informe.</translation>
    </message>
    <message>
        <source>Do not rely on this answer.</source>
        <translation>No confíe en esta respuesta.</translation>
    </message>
    <message>
        <source>Do not rely on this grade.</source>
        <translation>No confíe en este grado.</translation>
    </message>
    <message>
        <source>Doing again: {step}</source>
        <translation>Rehaciendo: {step}</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Hecho</translation>
    </message>
    <message>
        <source>Done again: {step}</source>
        <translation>Rehecho: {step}</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>Bajar</translation>
    </message>
    <message>
        <source>Dr. Given Family</source>
        <translation>Dra. Nombre Apellido</translation>
    </message>
    <message>
        <source>Drag a box over what names somebody (keys: arrows, Space, arrows, Space). Dashed: words that the program found; W goes to them, Delete lays wrong ones bare. Z: one to one. Page Down: the next picture. Escape: back.</source>
        <translation>Arrastre un recuadro sobre lo que identifique a alguien (teclas: flechas, Espacio, flechas, Espacio). Línea discontinua: palabras que el programa encontró; W va a ellas, Supr destapa las erróneas. Z: uno a uno. Av Pág: la imagen siguiente. Esc: volver.</translation>
    </message>
    <message>
        <source>Drag around a lesion, or click its corners</source>
        <translation>Arrastre alrededor de una lesión, o haga clic en sus vértices</translation>
    </message>
    <message>
        <source>Drag the pictures, or a pin to move it</source>
        <translation>Arrastre las imágenes, o una marca para moverla</translation>
    </message>
    <message>
        <source>Drag to draw a box. Or arrows move the cross, Space sets one corner and then the other, Delete takes the last box away, W goes to words that were found, where Delete lays them bare and Control Z covers them again, N shows the next picture with words, Z shows one to one, Page Down shows the next picture, Escape goes back.</source>
        <translation>Arrastre para dibujar un recuadro. O bien: las flechas mueven la cruz, Espacio fija una esquina y luego la otra, Supr quita el último recuadro, W va a las palabras encontradas, donde Supr las destapa y Control Z vuelve a taparlas, N muestra la siguiente imagen con palabras, Z muestra uno a uno, Av Pág muestra la imagen siguiente, Esc vuelve.</translation>
    </message>
    <message>
        <source>Drag, or arrow keys; Home and End: the first and the last</source>
        <translation>Arrastrar, o teclas de flecha; Inicio y Fin: la primera y la última</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>Dibujar</translation>
    </message>
    <message>
        <source>Draw a lesion, or the next: drag, or click its corners</source>
        <translation>Dibujar una lesión, o la siguiente: arrastre o haga clic en sus vértices</translation>
    </message>
    <message>
        <source>Draw around the cervix in one stroke, where it was not found right; Q shows it</source>
        <translation>Dibuje alrededor del cuello uterino de un solo trazo, donde no se encontró bien; Q lo muestra</translation>
    </message>
    <message>
        <source>Draw contours of the chosen lesion (D: outline, B: brush, E: eraser) and the SCJ line (J)</source>
        <translation>Dibujar contornos de la lesión elegida (D: trazado, B: pincel, E: borrador) y la línea de la UEC (J)</translation>
    </message>
    <message>
        <source>Draw the cervix as the program found it</source>
        <translation>Dibujar el cuello uterino como lo encontró el programa</translation>
    </message>
    <message>
        <source>Drawing</source>
        <translation>Dibujo</translation>
    </message>
    <message>
        <source>Drawing phantoms to rehearse</source>
        <translation>Dibujando fantomas para el repaso</translation>
    </message>
    <message>
        <source>Drawing the demo library</source>
        <translation>Dibujando la biblioteca de demostración</translation>
    </message>
    <message>
        <source>Drawn in dashes: tissue near it that did not whiten. Look whether it is normal, or click on other tissue.</source>
        <translation>En línea discontinua: tejido cercano que no blanqueó. Compruebe si es normal o haga clic en otro tejido.</translation>
    </message>
    <message>
        <source>Drive</source>
        <translation>Unidad</translation>
    </message>
    <message>
        <source>Dull, opaque, oyster white; grey</source>
        <translation>Mate, opaco, blanco ostra; gris</translation>
    </message>
    <message>
        <source>E&amp;xamine live</source>
        <translation>E&amp;xplorar en vivo</translation>
    </message>
    <message>
        <source>E&amp;xport</source>
        <translation>E&amp;xportar</translation>
    </message>
    <message>
        <source>E&amp;xport...</source>
        <translation>E&amp;xportar...</translation>
    </message>
    <message>
        <source>ECC</source>
        <comment>endocervical curettage</comment>
        <translation>LEC</translation>
    </message>
    <message>
        <source>ECE</source>
        <translation>ECE</translation>
    </message>
    <message>
        <source>Each of the two pictures</source>
        <translation>Cada una de las dos imágenes</translation>
    </message>
    <message>
        <source>Each patient has a visit.</source>
        <translation>Cada paciente tiene una visita.</translation>
    </message>
    <message>
        <source>Each source alone</source>
        <translation>Cada fuente por separado</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>Anterior</translation>
    </message>
    <message>
        <source>Earlier colposcopy</source>
        <translation>Colposcopia previa</translation>
    </message>
    <message>
        <source>Earlier treatment</source>
        <translation>Tratamiento previo</translation>
    </message>
    <message>
        <source>Earlier, {day}</source>
        <translation>Anterior, {day}</translation>
    </message>
    <message>
        <source>Edit patient</source>
        <translation>Editar paciente</translation>
    </message>
    <message>
        <source>Empty list</source>
        <translation>Lista vacía</translation>
    </message>
    <message>
        <source>Encrypting pictures</source>
        <translation>Cifrando las imágenes</translation>
    </message>
    <message>
        <source>End with the best so far</source>
        <translation>Terminar con el mejor hasta ahora</translation>
    </message>
    <message>
        <source>Endoscopy (ES)</source>
        <translation>Endoscopia (ES)</translation>
    </message>
    <message>
        <source>Enough?</source>
        <translation>¿Suficiente?</translation>
    </message>
    <message>
        <source>Enter</source>
        <comment>key</comment>
        <translation>Intro</translation>
    </message>
    <message>
        <source>Enter compares the chosen picture with the one on the stage, Escape closes.</source>
        <translation>Intro compara la imagen elegida con la del visor, Esc cierra.</translation>
    </message>
    <message>
        <source>Enter opens its visit in Review</source>
        <translation>Intro abre su visita en Revisión</translation>
    </message>
    <message>
        <source>Enter or a click opens the visit.</source>
        <translation>Intro o un clic abre la visita.</translation>
    </message>
    <message>
        <source>Enter or a double click shows a picture large, to read small words and to draw boxes. Delete leaves it out.</source>
        <translation>Intro o doble clic amplía una imagen, para leer palabras pequeñas y dibujar recuadros. Supr la omite.</translation>
    </message>
    <message>
        <source>Enter shows a picture large, to draw boxes. Delete leaves it out or lets it go. N: the next with words.</source>
        <translation>Intro amplía una imagen, para dibujar recuadros. Supr la omite o la deja salir. N: la siguiente con palabras.</translation>
    </message>
    <message>
        <source>Enter, or a click on the first corner</source>
        <translation>Intro, o un clic en el primer vértice</translation>
    </message>
    <message>
        <source>Entered by</source>
        <translation>Introducido por</translation>
    </message>
    <message>
        <source>Entered by {person}.</source>
        <translation>Introducido por {person}.</translation>
    </message>
    <message>
        <source>Entered by {reader}.</source>
        <translation>Introducido por {reader}.</translation>
    </message>
    <message>
        <source>Entered on</source>
        <translation>Introducido el</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>Borrador</translation>
    </message>
    <message>
        <source>Esc: back to the grades</source>
        <translation>Esc: volver a los grados</translation>
    </message>
    <message>
        <source>Escape</source>
        <comment>key</comment>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Escape closes</source>
        <translation>Esc cierra</translation>
    </message>
    <message>
        <source>Escape in the search field shows all visits.</source>
        <translation>Esc en el campo de búsqueda muestra todas las visitas.</translation>
    </message>
    <message>
        <source>Every visit is signed.</source>
        <translation>Todas las visitas están firmadas.</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>Todo</translation>
    </message>
    <message>
        <source>Everything stays on this computer: no picture, name or number is sent anywhere.</source>
        <translation>Todo permanece en este equipo: ninguna imagen, nombre ni número se envía a ningún sitio.</translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation>En todas partes</translation>
    </message>
    <message>
        <source>Examination</source>
        <translation>Exploración</translation>
    </message>
    <message>
        <source>Examination</source>
        <comment>whether it was adequate</comment>
        <translation>Exploración</translation>
    </message>
    <message>
        <source>Examination (IFCPC 2011)</source>
        <translation>Exploración (IFCPC 2011)</translation>
    </message>
    <message>
        <source>Examination and lesions</source>
        <translation>Exploración y lesiones</translation>
    </message>
    <message>
        <source>Examination by IFCPC</source>
        <translation>Exploración según IFCPC</translation>
    </message>
    <message>
        <source>Examine her, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation>Explore a la paciente o comience ahora: la visita queda entonces sin asignar y se le asigna antes de firmarla.</translation>
    </message>
    <message>
        <source>Examine live</source>
        <translation>Explorar en vivo</translation>
    </message>
    <message>
        <source>Examined and reported by me</source>
        <translation>Exploración e informe hechos por mí</translation>
    </message>
    <message>
        <source>Examiner</source>
        <translation>Examinador</translation>
    </message>
    <message>
        <source>Examiner's view: 12 o'clock is up, the patient's left is on the right.</source>
        <translation>Vista del examinador: las 12 están arriba; la izquierda de la paciente queda a la derecha.</translation>
    </message>
    <message>
        <source>Excision</source>
        <translation>Escisión</translation>
    </message>
    <message>
        <source>Excision margins</source>
        <translation>Márgenes de escisión</translation>
    </message>
    <message>
        <source>Excision type {excision} of a transformation zone type {tz}</source>
        <translation>Escisión tipo {excision} de una zona de transformación tipo {tz}</translation>
    </message>
    <message>
        <source>Excitation</source>
        <translation>Excitación</translation>
    </message>
    <message>
        <source>Excitation (nm)</source>
        <translation>Excitación (nm)</translation>
    </message>
    <message>
        <source>Excitation is a wavelength between {low:.0f} and {high:.0f} nm.</source>
        <translation>La excitación es una longitud de onda entre {low:.0f} y {high:.0f} nm.</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportar</translation>
    </message>
    <message>
        <source>Export ...</source>
        <translation>Exportar ...</translation>
    </message>
    <message>
        <source>Export WITH NAMES</source>
        <translation>Exportar CON NOMBRES</translation>
    </message>
    <message>
        <source>Export found lines signed...</source>
        <translation>Exportar firmadas las líneas halladas...</translation>
    </message>
    <message>
        <source>Export from this library</source>
        <translation>Exportar desde esta biblioteca</translation>
    </message>
    <message>
        <source>Export signed...</source>
        <translation>Exportar firmado...</translation>
    </message>
    <message>
        <source>Export the audit trail</source>
        <translation>Exportar el registro de auditoría</translation>
    </message>
    <message>
        <source>Export the clip</source>
        <translation>Exportar el clip</translation>
    </message>
    <message>
        <source>Export the filtered part of the audit trail</source>
        <translation>Exportar la parte filtrada del registro de auditoría</translation>
    </message>
    <message>
        <source>Export this visit...</source>
        <translation>Exportar esta visita...</translation>
    </message>
    <message>
        <source>Export without names</source>
        <translation>Exportar sin nombres</translation>
    </message>
    <message>
        <source>Export...</source>
        <translation>Exportar...</translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (a part of the trail, as filtered) to {file}.</source>
        <translation>
            <numerusform>Se exportó %n línea (una parte del registro, según el filtro) a {file}.</numerusform>
            <numerusform>Se exportaron %n líneas (una parte del registro, según el filtro) a {file}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (the whole trail) to {file}.</source>
        <translation>
            <numerusform>Se exportó %n línea (el registro completo) a {file}.</numerusform>
            <numerusform>Se exportaron %n líneas (el registro completo) a {file}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Exported, and on record</source>
        <translation>Exportado, y queda registrado</translation>
    </message>
    <message>
        <source>Exporting ...</source>
        <translation>Exportando ...</translation>
    </message>
    <message>
        <source>Exporting for research</source>
        <translation>Exportando para investigación</translation>
    </message>
    <message>
        <source>Exporting the audit trail</source>
        <translation>Exportando el registro de auditoría</translation>
    </message>
    <message>
        <source>Exporting the clip</source>
        <translation>Exportando el clip</translation>
    </message>
    <message>
        <source>Exporting with names</source>
        <translation>Exportando con nombres</translation>
    </message>
    <message>
        <source>Exporting. It goes on when you leave this page.</source>
        <translation>Exportando. Continúa aunque salga de esta página.</translation>
    </message>
    <message>
        <source>Exports</source>
        <translation>Exportaciones</translation>
    </message>
    <message>
        <source>Exposure</source>
        <translation>Exposición</translation>
    </message>
    <message>
        <source>Exposure (ms)</source>
        <translation>Exposición (ms)</translation>
    </message>
    <message>
        <source>Extent into the canal</source>
        <translation>Extensión en el canal</translation>
    </message>
    <message>
        <source>External-camera photography (XC)</source>
        <translation>Fotografía con cámara externa (XC)</translation>
    </message>
    <message>
        <source>F, double click</source>
        <translation>F, doble clic</translation>
    </message>
    <message>
        <source>FFV1 video, without loss (*.mkv)</source>
        <translation>Video FFV1, sin pérdida (*.mkv)</translation>
    </message>
    <message>
        <source>FIRST FRAME FOLLOWED, not live</source>
        <translation>PRIMER FOTOGRAMA SEGUIDO, no en vivo</translation>
    </message>
    <message>
        <source>FROM A CLIP, not live</source>
        <translation>DE UN CLIP, no en vivo</translation>
    </message>
    <message>
        <source>FROZEN</source>
        <translation>CONGELADA</translation>
    </message>
    <message>
        <source>FROZEN, for the scale</source>
        <translation>CONGELADA, para la escala</translation>
    </message>
    <message>
        <source>Faintly or patchy yellow</source>
        <translation>Amarillo débil o parcheado</translation>
    </message>
    <message>
        <source>Family name</source>
        <translation>Apellidos</translation>
    </message>
    <message>
        <source>Feb</source>
        <translation>feb</translation>
    </message>
    <message>
        <source>February</source>
        <translation>febrero</translation>
    </message>
    <message>
        <source>Field</source>
        <translation>Campo</translation>
    </message>
    <message>
        <source>Fields of the chosen line, before and after</source>
        <translation>Campos de la línea elegida, antes y después</translation>
    </message>
    <message>
        <source>Figures of both models</source>
        <translation>Cifras de ambos modelos</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Archivo</translation>
    </message>
    <message>
        <source>Files of &amp;type:</source>
        <translation>&amp;Tipo de archivos:</translation>
    </message>
    <message>
        <source>Files: {names}.</source>
        <translation>Archivos: {names}.</translation>
    </message>
    <message>
        <source>Filling the demo library</source>
        <translation>Llenando la biblioteca de demostración</translation>
    </message>
    <message>
        <source>Filmstrip: pictures of this visit in order of time</source>
        <translation>Tira de imágenes: imágenes de esta visita en orden cronológico</translation>
    </message>
    <message>
        <source>Filter</source>
        <comment>of glass, before the camera</comment>
        <translation>Filtro</translation>
    </message>
    <message>
        <source>Filter shortcuts</source>
        <translation>Filtrar atajos</translation>
    </message>
    <message>
        <source>Filter; Escape goes back</source>
        <translation>Filtrar; Esc vuelve atrás</translation>
    </message>
    <message>
        <source>Find and open a visit</source>
        <translation>Buscar y abrir una visita</translation>
    </message>
    <message>
        <source>Find her</source>
        <translation>Buscar paciente</translation>
    </message>
    <message>
        <source>Find squares</source>
        <translation>Buscar cuadros</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>Hallazgos</translation>
    </message>
    <message>
        <source>Findings</source>
        <comment>tab</comment>
        <translation>Hallazgos</translation>
    </message>
    <message>
        <source>Findings in words</source>
        <translation>Descripción de los hallazgos</translation>
    </message>
    <message>
        <source>Findings text</source>
        <translation>Texto de los hallazgos</translation>
    </message>
    <message>
        <source>Findings, AI, pins, report and referral card</source>
        <translation>Hallazgos, IA, marcas, informe y ficha de derivación</translation>
    </message>
    <message>
        <source>Fine, of uniform calibre, closely and uniformly placed; poorly formed patterns of fine punctation or mosaic; beyond the margin of the transformation zone; within microcondylomatous or micropapillary lesions</source>
        <translation>Finos, de calibre uniforme, dispuestos de forma densa y uniforme; patrones mal formados de punteado o mosaico finos; más allá del margen de la zona de transformación; dentro de lesiones microcondilomatosas o micropapilares</translation>
    </message>
    <message>
        <source>Fine, regular</source>
        <translation>Finos, regulares</translation>
    </message>
    <message>
        <source>Fine-&amp;tune</source>
        <translation>Ajuste &amp;fino</translation>
    </message>
    <message>
        <source>Fine-tune</source>
        <translation>Ajuste fino</translation>
    </message>
    <message>
        <source>Fine-tune on my cases</source>
        <translation>Ajuste fino con mis casos</translation>
    </message>
    <message>
        <source>Fingerprint of the key that signs exports: {fingerprint}</source>
        <translation>Huella de la clave que firma las exportaciones: {fingerprint}</translation>
    </message>
    <message>
        <source>Fingerprint of the key: ...</source>
        <translation>Huella de la clave: ...</translation>
    </message>
    <message>
        <source>Fingerprint of the key: {fingerprint}</source>
        <translation>Huella de la clave: {fingerprint}</translation>
    </message>
    <message>
        <source>Fingerprint, as its sender told it</source>
        <translation>Huella, tal como la comunicó el remitente</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Terminar</translation>
    </message>
    <message>
        <source>Finish placing points first.</source>
        <translation>Termine primero de colocar los puntos.</translation>
    </message>
    <message>
        <source>First read</source>
        <translation>Primera lectura</translation>
    </message>
    <message>
        <source>First read before the AI: the AI answer stays hidden until there is an impression</source>
        <translation>La respuesta de la IA queda oculta hasta que haya una impresión</translation>
    </message>
    <message>
        <source>First read, before the AI: {grade} ({who})</source>
        <translation>Primera lectura, antes de la IA: {grade} ({who})</translation>
    </message>
    <message>
        <source>First read, then AI. The answer stays hidden until you reveal it; your impression until then is kept.</source>
        <translation>Primera lectura, luego IA. La respuesta queda oculta hasta que usted la revele; la impresión que tenga en ese momento queda registrada.</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>Ajustar</translation>
    </message>
    <message>
        <source>Flicker</source>
        <translation>Parpadeo</translation>
    </message>
    <message>
        <source>Flicker: the other picture</source>
        <translation>Parpadeo: la otra imagen</translation>
    </message>
    <message>
        <source>Flicker: the other picture; in the player: play or pause</source>
        <translation>Parpadeo: la otra imagen; en el reproductor: reproducir o pausar</translation>
    </message>
    <message>
        <source>Fluor.</source>
        <translation>Fluor.</translation>
    </message>
    <message>
        <source>Fluorescence</source>
        <translation>Fluorescencia</translation>
    </message>
    <message>
        <source>Fluorescence after acid</source>
        <translation>Fluorescencia tras el ácido</translation>
    </message>
    <message>
        <source>Fluorescence before acid</source>
        <translation>Fluorescencia antes del ácido</translation>
    </message>
    <message>
        <source>Fluorescence picture (internal number)</source>
        <translation>Imagen de fluorescencia (número interno)</translation>
    </message>
    <message>
        <source>Fluorescence {stage}</source>
        <translation>Fluorescencia {stage}</translation>
    </message>
    <message>
        <source>Fluorescence {when}</source>
        <translation>Fluorescencia {when}</translation>
    </message>
    <message>
        <source>Fluorescence, {stage}</source>
        <translation>Fluorescencia, {stage}</translation>
    </message>
    <message>
        <source>Focus</source>
        <translation>Enfoque</translation>
    </message>
    <message>
        <source>Focus on the os, hold still, retake.</source>
        <translation>Enfoque el orificio externo, no se mueva y repita la toma.</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Carpeta</translation>
    </message>
    <message>
        <source>Folder for backups, best on another disk</source>
        <translation>Carpeta para copias de seguridad, mejor en otro disco</translation>
    </message>
    <message>
        <source>Folder into which the device saves</source>
        <translation>Carpeta en la que guarda el dispositivo</translation>
    </message>
    <message>
        <source>Follow-up</source>
        <translation>Seguimiento</translation>
    </message>
    <message>
        <source>Follow-up after treatment, and no earlier treatment</source>
        <translation>Seguimiento tras tratamiento, y sin tratamiento previo</translation>
    </message>
    <message>
        <source>Follow-up of this visit</source>
        <translation>Seguimiento de esta visita</translation>
    </message>
    <message>
        <source>Followed from {at} after acid on only: what had whitened by then is not in it.</source>
        <translation>Seguido solo desde {at} tras el ácido: lo que ya había blanqueado hasta entonces no está incluido.</translation>
    </message>
    <message>
        <source>Followed from {first:.0f} s after acid on only: what had whitened by then is not in it</source>
        <translation>Seguido solo desde {first:.0f} s tras el ácido: lo que ya había blanqueado hasta entonces no está incluido</translation>
    </message>
    <message>
        <source>For looking only: the picture that is kept, the AI answer and the report stay as they are.</source>
        <translation>Solo para mirar: la imagen guardada, la respuesta de la IA y el informe no cambian.</translation>
    </message>
    <message>
        <source>Forgets points and registers the pair automatically</source>
        <translation>Olvida los puntos y registra el par automáticamente</translation>
    </message>
    <message>
        <source>Frame into the visit</source>
        <translation>Fotograma a la visita</translation>
    </message>
    <message>
        <source>Frame of the clip</source>
        <translation>Fotograma del clip</translation>
    </message>
    <message>
        <source>Free some space: it can be opened for writing here then</source>
        <translation>Libere espacio: entonces podrá abrirse aquí para escritura</translation>
    </message>
    <message>
        <source>Freeze</source>
        <translation>Congelar</translation>
    </message>
    <message>
        <source>Freeze the live picture, or go on</source>
        <translation>Congelar la imagen en vivo, o continuar</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Desde</translation>
    </message>
    <message>
        <source>From earlier runs {learn:,} women learn, {calibrate:,} calibrate and {test:,} are the locked test; new ones join them in these shares.</source>
        <translation>De ejecuciones anteriores, {learn:,} pacientes son para aprender, {calibrate:,} para calibrar y {test:,} forman la prueba bloqueada; las nuevas se suman en estas proporciones.</translation>
    </message>
    <message>
        <source>From now on, {name} answers. Answers kept from other models stay in the library.</source>
        <translation>A partir de ahora responde {name}. Las respuestas guardadas de otros modelos permanecen en la biblioteca.</translation>
    </message>
    <message>
        <source>From the left (pixels)</source>
        <translation>Desde la izquierda (píxeles)</translation>
    </message>
    <message>
        <source>From the top (pixels)</source>
        <translation>Desde arriba (píxeles)</translation>
    </message>
    <message>
        <source>From then on {model} answers on this computer instead of {before}. Answers that were kept stay as they are, each with the model it came from. One click rolls it back. Investigational - not for diagnosis.</source>
        <translation>A partir de entonces, {model} responde en este equipo en lugar de {before}. Las respuestas guardadas quedan como están, cada una con el modelo del que procede. Un clic lo revierte. En investigación: no apto para diagnóstico.</translation>
    </message>
    <message>
        <source>From this day on</source>
        <translation>Desde este día</translation>
    </message>
    <message>
        <source>Gain</source>
        <translation>Ganancia</translation>
    </message>
    <message>
        <source>Ghost</source>
        <translation>Superponer</translation>
    </message>
    <message>
        <source>Give an unassigned visit to a woman ...</source>
        <translation>Asignar a una paciente una visita sin asignar ...</translation>
    </message>
    <message>
        <source>Give it to a woman ...</source>
        <translation>Asignarla a una paciente ...</translation>
    </message>
    <message>
        <source>Give it up</source>
        <translation>Abandonar</translation>
    </message>
    <message>
        <source>Give the picture as the camera took it: no picture of a screen, no panels beside it, not saved at low quality.</source>
        <translation>Aporte la imagen tal como la tomó la cámara: no la foto de una pantalla, sin paneles al lado, no guardada con baja calidad.</translation>
    </message>
    <message>
        <source>Give the visit to her</source>
        <translation>Asignarle la visita</translation>
    </message>
    <message>
        <source>Give your grade first. Then come back to this pair and ask again.</source>
        <translation>Dé primero su grado. Después vuelva a este par y pregunte de nuevo.</translation>
    </message>
    <message>
        <source>Give your impression ({review.impression_normal} to {review.impression_cancer}), then {review.reveal} reveals the AI answer; that goes on record and cannot be undone.</source>
        <translation>Dé su impresión ({review.impression_normal} a {review.impression_cancer}); después {review.reveal} revela la respuesta de la IA; eso queda registrado y no se puede deshacer.</translation>
    </message>
    <message>
        <source>Given name</source>
        <translation>Nombre de pila</translation>
    </message>
    <message>
        <source>Given up: not in the library</source>
        <translation>Abandonado: no está en la biblioteca</translation>
    </message>
    <message>
        <source>Glare</source>
        <translation>Reflejos</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Continuar</translation>
    </message>
    <message numerus="yes">
        <source>Go on with the %n that (waits|wait)</source>
        <translation>
            <numerusform>Continuar con la %n en espera</numerusform>
            <numerusform>Continuar con las %n en espera</numerusform>
        </translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>Ir allí</translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is fluorescence.</source>
        <translation>Se aplica a {some} de {all}: el resto es fluorescencia.</translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is white light.</source>
        <translation>Se aplica a {some} de {all}: el resto es luz blanca.</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Buena</translation>
    </message>
    <message>
        <source>Grade</source>
        <translation>Grado</translation>
    </message>
    <message>
        <source>Grade 1 (minor)</source>
        <translation>Grado 1 (menor)</translation>
    </message>
    <message>
        <source>Grade 2 (major)</source>
        <translation>Grado 2 (mayor)</translation>
    </message>
    <message>
        <source>Grade more pairs in Annotate, or enter histology in Review.</source>
        <translation>Asigne grado a más pares en Anotación, o introduzca la histología en Revisión.</translation>
    </message>
    <message>
        <source>Grade of the second read</source>
        <translation>Grado de la segunda lectura</translation>
    </message>
    <message>
        <source>Grade: indeterminate, likeliest {grade}, probability {share:.2f}</source>
        <translation>Grado: indeterminado, el más probable {grade}, probabilidad {share:.2f}</translation>
    </message>
    <message>
        <source>Grade: {grade}</source>
        <translation>Grado: {grade}</translation>
    </message>
    <message>
        <source>Grade: {grade}, probability {share:.2f}</source>
        <translation>Grado: {grade}, probabilidad {share:.2f}</translation>
    </message>
    <message>
        <source>Graded {grade}: model attention shows {shows}.</source>
        <translation>Grado asignado {grade}: la atención del modelo muestra {shows}.</translation>
    </message>
    <message>
        <source>Grades in a set (low is good)</source>
        <translation>Grados en un conjunto (bajo es bueno)</translation>
    </message>
    <message>
        <source>Grading</source>
        <translation>Asignando grado</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>Verde</translation>
    </message>
    <message>
        <source>Green</source>
        <comment>picture through a green filter</comment>
        <translation>Verde</translation>
    </message>
    <message>
        <source>Green filter</source>
        <translation>Filtro verde</translation>
    </message>
    <message>
        <source>Green filter, for looking</source>
        <translation>Filtro verde, para mirar</translation>
    </message>
    <message>
        <source>Green filter, for looking only</source>
        <translation>Filtro verde, solo para mirar</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Rejilla</translation>
    </message>
    <message>
        <source>Guessed: {guesses}.</source>
        <translation>Supuesto: {guesses}.</translation>
    </message>
    <message>
        <source>H (hold)</source>
        <translation>H (mantener)</translation>
    </message>
    <message>
        <source>HL7 Lithuania, cervical 0.0.1</source>
        <translation>HL7 Lituania, cervical 0.0.1</translation>
    </message>
    <message>
        <source>HPV positive</source>
        <translation>VPH positivo</translation>
    </message>
    <message>
        <source>HPV positive as indication, and no positive test</source>
        <translation>VPH positivo como indicación, y sin prueba positiva</translation>
    </message>
    <message>
        <source>HPV test of</source>
        <translation>Prueba de VPH del</translation>
    </message>
    <message>
        <source>HPV types</source>
        <translation>Tipos de VPH</translation>
    </message>
    <message>
        <source>HPV vaccination</source>
        <translation>Vacunación contra el VPH</translation>
    </message>
    <message>
        <source>HPV {answer}</source>
        <translation>VPH {answer}</translation>
    </message>
    <message>
        <source>HPV, high risk</source>
        <translation>VPH de alto riesgo</translation>
    </message>
    <message>
        <source>HSIL (CIN 2)</source>
        <translation>HSIL (CIN 2)</translation>
    </message>
    <message>
        <source>HSIL (CIN 3)</source>
        <translation>HSIL (CIN 3)</translation>
    </message>
    <message>
        <source>HSIL+ found at 85 % specificity</source>
        <translation>HSIL+ hallados con especificidad del 85 %</translation>
    </message>
    <message>
        <source>HSIL+ found, as graded</source>
        <translation>HSIL+ hallados, según el grado asignado</translation>
    </message>
    <message>
        <source>HSIL+ sensitivity as graded</source>
        <translation>Sensibilidad HSIL+ según el grado asignado</translation>
    </message>
    <message>
        <source>HSIL+ sensitivity at 85 % specificity</source>
        <translation>Sensibilidad HSIL+ con especificidad del 85 %</translation>
    </message>
    <message>
        <source>Haemostasis</source>
        <translation>Hemostasia</translation>
    </message>
    <message>
        <source>Happened at</source>
        <translation>Ocurrió el</translation>
    </message>
    <message>
        <source>Have it answer on this computer</source>
        <translation>Que responda en este equipo</translation>
    </message>
    <message>
        <source>Heading of reports</source>
        <translation>Encabezado de los informes</translation>
    </message>
    <message>
        <source>Height (pixels)</source>
        <translation>Alto (píxeles)</translation>
    </message>
    <message>
        <source>Her age is not known</source>
        <translation>No se conoce su edad</translation>
    </message>
    <message>
        <source>Hidden. {key} shows it again.</source>
        <translation>Oculto. {key} lo muestra de nuevo.</translation>
    </message>
    <message>
        <source>Hide pictures ({count})</source>
        <translation>Ocultar imágenes ({count})</translation>
    </message>
    <message>
        <source>Hide the model attention</source>
        <translation>Ocultar la atención del modelo</translation>
    </message>
    <message>
        <source>High</source>
        <comment>grade</comment>
        <translation>Alto grado</translation>
    </message>
    <message>
        <source>Hist&amp;ology</source>
        <translation>Hist&amp;ología</translation>
    </message>
    <message>
        <source>Histology</source>
        <translation>Histología</translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) less than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation>
            <numerusform>La histología ({histology}) es %n grado menor que la impresión ({impression}): para el comité multidisciplinar (MDT), salvo que el seguimiento indique otra cosa.</numerusform>
            <numerusform>La histología ({histology}) es %n grados menor que la impresión ({impression}): para el comité multidisciplinar (MDT), salvo que el seguimiento indique otra cosa.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) worse than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation>
            <numerusform>La histología ({histology}) es %n grado peor que la impresión ({impression}): para el comité multidisciplinar (MDT), salvo que el seguimiento indique otra cosa.</numerusform>
            <numerusform>La histología ({histology}) es %n grados peor que la impresión ({impression}): para el comité multidisciplinar (MDT), salvo que el seguimiento indique otra cosa.</numerusform>
        </translation>
    </message>
    <message>
        <source>Histology less</source>
        <translation>Histología menor</translation>
    </message>
    <message>
        <source>Histology overdue</source>
        <translation>Histología atrasada</translation>
    </message>
    <message>
        <source>Histology worse</source>
        <translation>Histología peor</translation>
    </message>
    <message>
        <source>Histology: grade</source>
        <translation>Histología: grado</translation>
    </message>
    <message>
        <source>Histology: reported</source>
        <translation>Histología: fecha del informe</translation>
    </message>
    <message>
        <source>Histology: words</source>
        <translation>Histología: texto</translation>
    </message>
    <message>
        <source>Histology: {result}</source>
        <translation>Histología: {result}</translation>
    </message>
    <message>
        <source>Hold H on the stage to hide it for a moment</source>
        <translation>Mantenga H en el visor para ocultarlo un momento</translation>
    </message>
    <message>
        <source>Hold L: loupe, H: no attention</source>
        <translation>Mantener L: lupa; H: ocultar la atención del modelo</translation>
    </message>
    <message>
        <source>Holds for reading pairs for labels. Who asks for the answer is on record, and a read after it counts in no blind figure. The audit trail keeps this choice as it does the first-read lock.</source>
        <translation>Se aplica a la lectura de pares para etiquetas. Queda registrado quién pide la respuesta, y una lectura posterior no cuenta en ninguna cifra ciega. El registro de auditoría conserva esta elección, igual que el bloqueo de la primera lectura.</translation>
    </message>
    <message>
        <source>How a picture was taken</source>
        <translation>Cómo se tomó una imagen</translation>
    </message>
    <message>
        <source>How complete the findings are</source>
        <translation>Hasta qué punto están completos los hallazgos</translation>
    </message>
    <message>
        <source>How complete the referral card is</source>
        <translation>Hasta qué punto está completa la ficha de derivación</translation>
    </message>
    <message>
        <source>How far it is</source>
        <translation>Avance</translation>
    </message>
    <message>
        <source>How far the run is</source>
        <translation>Avance de la ejecución</translation>
    </message>
    <message>
        <source>How it was taken</source>
        <translation>Cómo se tomó</translation>
    </message>
    <message>
        <source>How long it stayed white</source>
        <translation>Cuánto tiempo permaneció blanco</translation>
    </message>
    <message>
        <source>How sure</source>
        <translation>Certeza</translation>
    </message>
    <message>
        <source>How the pictures are shown</source>
        <translation>Cómo se muestran las imágenes</translation>
    </message>
    <message>
        <source>How {specimen} was taken</source>
        <translation>Cómo se tomó {specimen}</translation>
    </message>
    <message>
        <source>Hysterectomy</source>
        <translation>Histerectomía</translation>
    </message>
    <message>
        <source>I agree: {grade}</source>
        <translation>De acuerdo: {grade}</translation>
    </message>
    <message>
        <source>I differ ...</source>
        <translation>Discrepo ...</translation>
    </message>
    <message>
        <source>I have it on paper, and &amp;somebody else would find it</source>
        <translation>La tengo en papel, y &amp;otra persona la encontraría</translation>
    </message>
    <message>
        <source>I looked at each picture: nothing left in it names anybody</source>
        <translation>Miré cada imagen: nada de lo que queda en ella identifica a nadie</translation>
    </message>
    <message>
        <source>IARC Atlas of Colposcopy (online, read 2026)</source>
        <translation>Atlas de colposcopia de la IARC (en línea, consultado en 2026)</translation>
    </message>
    <message>
        <source>ID (required)</source>
        <translation>ID (obligatorio)</translation>
    </message>
    <message>
        <source>ID {identifier}</source>
        <translation>ID {identifier}</translation>
    </message>
    <message>
        <source>Identifier</source>
        <translation>Identificador</translation>
    </message>
    <message>
        <source>Identity corrected after the signing, on {day} by {who}: {identity}.</source>
        <translation>Identidad corregida después de la firma, el {day} por {who}: {identity}.</translation>
    </message>
    <message>
        <source>If it comes again, points can be placed in Review.</source>
        <translation>Si vuelve a ocurrir, pueden colocarse puntos en Revisión.</translation>
    </message>
    <message>
        <source>Immune status</source>
        <translation>Estado inmunitario</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importar</translation>
    </message>
    <message>
        <source>Import more...</source>
        <translation>Importar más...</translation>
    </message>
    <message>
        <source>Import pictures</source>
        <translation>Importar imágenes</translation>
    </message>
    <message>
        <source>Import {count}</source>
        <translation>Importar {count}</translation>
    </message>
    <message>
        <source>Impression</source>
        <translation>Impresión</translation>
    </message>
    <message>
        <source>Impression: none given</source>
        <translation>Impresión: no indicada</translation>
    </message>
    <message>
        <source>Impression: {grade}</source>
        <translation>Impresión: {grade}</translation>
    </message>
    <message>
        <source>In doubt: {doubts}</source>
        <translation>En duda: {doubts}</translation>
    </message>
    <message>
        <source>In the library</source>
        <translation>En la biblioteca</translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}, the last on {day}.</source>
        <translation>En la biblioteca: {name}, nacimiento {born}; {visits}, la última el {day}.</translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}.</source>
        <translation>En la biblioteca: {name}, nacimiento {born}; {visits}.</translation>
    </message>
    <message>
        <source>In {folder}</source>
        <translation>En {folder}</translation>
    </message>
    <message>
        <source>In {folder}.</source>
        <translation>En {folder}.</translation>
    </message>
    <message>
        <source>Inadequate for</source>
        <translation>Inadecuada por</translation>
    </message>
    <message>
        <source>Inadequate without a reason</source>
        <translation>Inadecuada sin motivo</translation>
    </message>
    <message>
        <source>Indeterminate</source>
        <translation>Indeterminado</translation>
    </message>
    <message>
        <source>Indeterminate: model attention shows {shows}.</source>
        <translation>Indeterminado: la atención del modelo muestra {shows}.</translation>
    </message>
    <message>
        <source>Indication</source>
        <translation>Indicación</translation>
    </message>
    <message>
        <source>Indication as it was written: {indication}</source>
        <translation>Indicación tal como se escribió: {indication}</translation>
    </message>
    <message>
        <source>Indication: {indication}</source>
        <translation>Indicación: {indication}</translation>
    </message>
    <message>
        <source>Install an update</source>
        <translation>Instalar una actualización</translation>
    </message>
    <message>
        <source>Installed now: {present}. It stays, to go back to (pfm update back).</source>
        <translation>Instalada ahora: {present}. Se conserva, para poder volver a ella (pfm update back).</translation>
    </message>
    <message>
        <source>Installed now: {present}. The new version takes its place; to go back to it (pfm update back) you need its installer, so keep it: {file}.</source>
        <translation>Instalada ahora: {present}. La nueva versión ocupa su lugar; para volver a ella (pfm update back) necesita su instalador, así que consérvelo: {file}.</translation>
    </message>
    <message>
        <source>Installing the update</source>
        <translation>Instalando la actualización</translation>
    </message>
    <message>
        <source>Intended use: research, training and demonstration of reading paired white-light and fluorescence pictures of the cervix. It is not a medical device. Its answers must not be used for diagnosis, for triage, or to put off a biopsy or a treatment; the clinician's own reading decides.</source>
        <translation>Uso previsto: investigación, formación y demostración de la lectura de pares de imágenes del cuello uterino de luz blanca y fluorescencia. No es un producto sanitario (dispositivo médico). Sus respuestas no deben usarse para diagnóstico, para triaje ni para aplazar una biopsia o un tratamiento; decide la lectura propia del clínico.</translation>
    </message>
    <message>
        <source>Intermediate shade: grey/white colour and shiny surface (most lesions)</source>
        <translation>Tono intermedio: color gris/blanco y superficie brillante (la mayoría de las lesiones)</translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis</source>
        <translation>En investigación: no apto para diagnóstico</translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis.</source>
        <translation>En investigación: no apto para diagnóstico.</translation>
    </message>
    <message>
        <source>Iodine</source>
        <comment>picture after Lugol's iodine</comment>
        <translation>Yodo</translation>
    </message>
    <message>
        <source>Iodine allergy not asked yet: say No (N) or Yes (Y) first.</source>
        <translation>Alergia al yodo aún sin preguntar: indique primero No (N) o Sí (Y).</translation>
    </message>
    <message>
        <source>Iodine allergy on record</source>
        <translation>Alergia al yodo registrada</translation>
    </message>
    <message>
        <source>Iodine allergy on record. To be used all the same: {reason}</source>
        <translation>Alergia al yodo registrada. Se usará de todos modos: {reason}</translation>
    </message>
    <message>
        <source>Iodine allergy on record: do not use iodine.</source>
        <translation>Alergia al yodo registrada: no usar yodo.</translation>
    </message>
    <message>
        <source>Iodine allergy: no</source>
        <translation>Alergia al yodo: no</translation>
    </message>
    <message>
        <source>Iodine allergy: yes</source>
        <translation>Alergia al yodo: sí</translation>
    </message>
    <message>
        <source>Iodine allergy?</source>
        <translation>¿Alergia al yodo?</translation>
    </message>
    <message>
        <source>Iodine in spite of the allergy, because</source>
        <translation>Yodo pese a la alergia, porque</translation>
    </message>
    <message>
        <source>Iodine staining</source>
        <translation>Tinción con yodo</translation>
    </message>
    <message>
        <source>Is anything drawn into these pictures that names somebody: a name, a number, a date? Make it black.</source>
        <translation>¿Hay algo dibujado en estas imágenes que identifique a alguien: un nombre, un número, una fecha? Tápelo en negro.</translation>
    </message>
    <message>
        <source>Is now</source>
        <translation>Ahora</translation>
    </message>
    <message>
        <source>It can be examined and reviewed. Before it can be signed it must be given to a woman.</source>
        <translation>Se puede explorar y revisar. Antes de poder firmarla debe asignarse a una paciente.</translation>
    </message>
    <message>
        <source>It cannot be made there</source>
        <translation>No se puede crear ahí</translation>
    </message>
    <message>
        <source>It could not be judged; the error is in the log.</source>
        <translation>No se pudo evaluar; el error está en el registro de errores.</translation>
    </message>
    <message>
        <source>It does not say when a picture is unlike anything it learned from.</source>
        <translation>No indica si una imagen es distinta de todo lo aprendido.</translation>
    </message>
    <message>
        <source>It ended early: {problem}</source>
        <translation>Terminó antes de tiempo: {problem}</translation>
    </message>
    <message>
        <source>It ended without a model: {why}.</source>
        <translation>Terminó sin modelo: {why}.</translation>
    </message>
    <message>
        <source>It fills itself once the os is marked (O, or Shift+O: as found) and the cervix drawn (C, or Shift+C: as found).</source>
        <translation>Se rellena solo cuando se ha marcado el orificio externo (O, o Shift+O: como se halló) y dibujado el cuello uterino (C, o Shift+C: como se halló).</translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, READABLE in its folder: this library is not encrypted.</source>
        <translation>Queda registrado, antes de escribir el primer archivo. La lista de seudónimos permanece en la biblioteca, LEGIBLE en su carpeta: esta biblioteca no está cifrada.</translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, encrypted with it.</source>
        <translation>Queda registrado, antes de escribir el primer archivo. La lista de seudónimos permanece en la biblioteca, cifrada con ella.</translation>
    </message>
    <message>
        <source>It is being learned now, at low priority.</source>
        <translation>Se está aprendiendo ahora, con baja prioridad.</translation>
    </message>
    <message>
        <source>It is being put on record, with its maps ...</source>
        <translation>Se está registrando, con sus mapas ...</translation>
    </message>
    <message>
        <source>It is in quarantine and answers nothing.</source>
        <translation>Está en cuarentena y no responde nada.</translation>
    </message>
    <message>
        <source>It is kept in this library: what is chosen while another one is open changes nothing here.</source>
        <translation>Se guarda en esta biblioteca: lo que se elige con otra abierta no cambia nada aquí.</translation>
    </message>
    <message>
        <source>It is not in sight at the moment.</source>
        <translation>No está a la vista en este momento.</translation>
    </message>
    <message>
        <source>It is off the record. Take it again with the device's own button.</source>
        <translation>Está retirada del registro. Tómela de nuevo con el botón del propio dispositivo.</translation>
    </message>
    <message>
        <source>It is on record that you saw this. A grade that you give or change from now on counts as one after AI.</source>
        <translation>Queda registrado que usted vio esto. Un grado que dé o cambie desde ahora cuenta como posterior a la IA.</translation>
    </message>
    <message>
        <source>It is replaced and answers nothing now.</source>
        <translation>Está reemplazado y ahora no responde nada.</translation>
    </message>
    <message>
        <source>It is rolled back and answers nothing now.</source>
        <translation>Está revertido y ahora no responde nada.</translation>
    </message>
    <message>
        <source>It is whole in {folder}, from an earlier backup</source>
        <translation>Está íntegro en {folder}, de una copia de seguridad anterior</translation>
    </message>
    <message>
        <source>It outranks every reading when a case gets its label. Readers do not see it.</source>
        <translation>Prevalece sobre toda lectura cuando un caso recibe su etiqueta. Los lectores no la ven.</translation>
    </message>
    <message>
        <source>It says when a picture is unlike anything it learned from ({sources}).</source>
        <translation>Indica si una imagen es distinta de todo lo aprendido ({sources}).</translation>
    </message>
    <message>
        <source>It seems to lie on its side or to be squeezed: hold the camera upright, give the picture as the camera took it.</source>
        <translation>Parece estar de lado o comprimida: sostenga la cámara derecha y aporte la imagen tal como la tomó la cámara.</translation>
    </message>
    <message>
        <source>It stays as it was.</source>
        <translation>Queda como estaba.</translation>
    </message>
    <message>
        <source>It was cut short, by an ending of the program or an error. What was learned until then is kept.</source>
        <translation>Se interrumpió por el cierre del programa o un error. Se conserva lo aprendido hasta entonces.</translation>
    </message>
    <message>
        <source>It was measured in another recording: its place is seen in the report.</source>
        <translation>Se midió en otra grabación: su lugar se ve en el informe.</translation>
    </message>
    <message>
        <source>It was stopped before it was done.</source>
        <translation>Se detuvo antes de terminar.</translation>
    </message>
    <message>
        <source>It was stopped. No labels were saved.</source>
        <translation>Se detuvo. No se guardaron etiquetas.</translation>
    </message>
    <message>
        <source>It was stopped. No report was saved.</source>
        <translation>Se detuvo. No se guardó ningún informe.</translation>
    </message>
    <message>
        <source>It was stopped: the visit is signed as before.</source>
        <translation>Se detuvo: la visita está firmada como antes.</translation>
    </message>
    <message>
        <source>It was stopped; this is the best until then.</source>
        <translation>Se detuvo; esto es lo mejor hasta entonces.</translation>
    </message>
    <message>
        <source>It was written anew</source>
        <translation>Se escribió de nuevo</translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n hour(s).</source>
        <translation>
            <numerusform>Tardará aproximadamente %n hora.</numerusform>
            <numerusform>Tardará aproximadamente %n horas.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n minute(s).</source>
        <translation>
            <numerusform>Tardará aproximadamente %n minuto.</numerusform>
            <numerusform>Tardará aproximadamente %n minutos.</numerusform>
        </translation>
    </message>
    <message>
        <source>Items of the Swede score</source>
        <translation>Ítems de la puntuación de Swede</translation>
    </message>
    <message>
        <source>Its file says that words are drawn into it: cover them, or it stays here</source>
        <translation>Su archivo indica que lleva palabras dibujadas: tápelas, o se queda aquí</translation>
    </message>
    <message>
        <source>Its folder says {name}.</source>
        <translation>Su carpeta indica {name}.</translation>
    </message>
    <message>
        <source>Its name says born {birth}, and she is born {day}.</source>
        <translation>El nombre indica nacimiento {birth}, y la paciente nació el {day}.</translation>
    </message>
    <message>
        <source>Its pair is gone</source>
        <translation>Su par ya no está</translation>
    </message>
    <message>
        <source>Its pictures stay together.</source>
        <translation>Sus imágenes permanecen juntas.</translation>
    </message>
    <message>
        <source>Its recovery key was not shown: make another one in Settings</source>
        <translation>No se mostró su clave de recuperación: cree otra en Ajustes</translation>
    </message>
    <message>
        <source>Its sender calls it {name}, which another model here is called already.</source>
        <translation>Su remitente lo llama {name}, nombre que otro modelo ya tiene aquí.</translation>
    </message>
    <message>
        <source>JSON Lines (*.jsonl)</source>
        <translation>JSON Lines (*.jsonl)</translation>
    </message>
    <message>
        <source>Jan</source>
        <translation>ene</translation>
    </message>
    <message>
        <source>January</source>
        <translation>enero</translation>
    </message>
    <message>
        <source>Jul</source>
        <translation>jul</translation>
    </message>
    <message>
        <source>July</source>
        <translation>julio</translation>
    </message>
    <message>
        <source>Jun</source>
        <translation>jun</translation>
    </message>
    <message>
        <source>Junction (SCJ)</source>
        <translation>Unión (UEC)</translation>
    </message>
    <message>
        <source>June</source>
        <translation>junio</translation>
    </message>
    <message>
        <source>Kappa (quadratic)</source>
        <translation>Kappa (cuadrática)</translation>
    </message>
    <message>
        <source>Kappa with quadratic weights: Cohen's of two readers, Fleiss' of all. In brackets: 95 % interval, by woman. Drift: how many grades above (+) or below (-) the other readers, in blocks of 50 reads. Of two readers nobody can tell by it which of them drifts.</source>
        <translation>Kappa con pesos cuadráticos: de Cohen para dos lectores, de Fleiss para todos. Entre paréntesis: intervalo del 95 %, por paciente. Deriva: cuántos grados por encima (+) o por debajo (-) de los demás lectores, en bloques de 50 lecturas. Con dos lectores, nadie puede saber por ella cuál de los dos deriva.</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Conservar</translation>
    </message>
    <message>
        <source>Keep my impression: {grade}</source>
        <translation>Conservar mi impresión: {grade}</translation>
    </message>
    <message>
        <source>Keep the old plan</source>
        <translation>Conservar el plan anterior</translation>
    </message>
    <message>
        <source>Keep, with care: {reason}</source>
        <translation>Conservar, con cautela: {reason}</translation>
    </message>
    <message>
        <source>Keeping it</source>
        <translation>Guardándolo</translation>
    </message>
    <message>
        <source>Keeping the registration</source>
        <translation>Guardando el registro de imágenes</translation>
    </message>
    <message>
        <source>Keeping the signed report</source>
        <translation>Guardando el informe firmado</translation>
    </message>
    <message>
        <source>Kept once a grade is chosen.</source>
        <translation>Se guarda cuando se elige un grado.</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Atajos de teclado</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Teclas</translation>
    </message>
    <message>
        <source>Keys of {page}</source>
        <translation>Teclas de {page}</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Tipo</translation>
    </message>
    <message>
        <source>Kind of lines</source>
        <translation>Tipo de líneas</translation>
    </message>
    <message>
        <source>L (hold)</source>
        <translation>L (mantener)</translation>
    </message>
    <message>
        <source>LAST PICTURE, not live</source>
        <translation>ÚLTIMA IMAGEN, no en vivo</translation>
    </message>
    <message>
        <source>LSIL (CIN 1)</source>
        <translation>LSIL (CIN 1)</translation>
    </message>
    <message>
        <source>Label {grade}</source>
        <translation>Etiqueta {grade}</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Etiquetas</translation>
    </message>
    <message>
        <source>Labels from: {origins}.</source>
        <translation>Origen de las etiquetas: {origins}.</translation>
    </message>
    <message>
        <source>Labels of the pots as PDF ...</source>
        <translation>Etiquetas de los frascos en PDF ...</translation>
    </message>
    <message>
        <source>Labels of the pots as PDF...</source>
        <translation>Etiquetas de los frascos en PDF...</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Idioma</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>Pincel más grande</translation>
    </message>
    <message>
        <source>Last backup: ...</source>
        <translation>Última copia de seguridad: ...</translation>
    </message>
    <message>
        <source>Last backup: {when}, in {folder}</source>
        <translation>Última copia de seguridad: {when}, en {folder}</translation>
    </message>
    <message>
        <source>Last treated on</source>
        <translation>Último tratamiento el</translation>
    </message>
    <message>
        <source>Lay a board of black and white squares, or a ruler, flat where the cervix would be, in focus. The scale holds at this zoom and working distance alone: calibrate anew once the zoom of the colposcope was changed.</source>
        <translation>Coloque un tablero de cuadros blancos y negros, o una regla, plano donde estaría el cuello uterino y enfocado. La escala solo vale con este zoom y esta distancia de trabajo: calibre de nuevo si se cambió el zoom del colposcopio.</translation>
    </message>
    <message>
        <source>Learn a model</source>
        <translation>Entrenar un modelo</translation>
    </message>
    <message>
        <source>Learned from</source>
        <translation>Aprendido de</translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}, {phantoms:,} phantoms rehearsed.</source>
        <translation>Aprendido de {cases} en {epochs}; {which}, comprobado con {checked}, calibrado con {calibrated}, {phantoms:,} fantomas repasados.</translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}.</source>
        <translation>Aprendido de {cases} en {epochs}; {which}, comprobado con {checked}, calibrado con {calibrated}.</translation>
    </message>
    <message>
        <source>Learning a model</source>
        <translation>Aprendiendo un modelo</translation>
    </message>
    <message>
        <source>Learning part</source>
        <translation>Parte del entrenamiento</translation>
    </message>
    <message>
        <source>Learning run</source>
        <translation>Ejecución del entrenamiento</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>Salir</translation>
    </message>
    <message>
        <source>Leave in the folder</source>
        <translation>Dejar en la carpeta</translation>
    </message>
    <message>
        <source>Leave note, reasons or drawing</source>
        <translation>Salir de la nota, los motivos o el dibujo</translation>
    </message>
    <message>
        <source>Leave out</source>
        <comment>a step of the examination</comment>
        <translation>Omitir</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>Omitir</translation>
    </message>
    <message>
        <source>Leave point mode</source>
        <translation>Salir del modo de puntos</translation>
    </message>
    <message>
        <source>Leave the next step out</source>
        <translation>Omitir el paso siguiente</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>Omitido</translation>
    </message>
    <message numerus="yes">
        <source>Left out %n case(s). {reasons}.</source>
        <translation>
            <numerusform>Se omitió %n caso. {reasons}.</numerusform>
            <numerusform>Se omitieron %n casos. {reasons}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Left out by hand</source>
        <translation>Omitida a mano</translation>
    </message>
    <message>
        <source>Left out by the template of this site: {names}.</source>
        <translation>Omitido por la plantilla de este centro: {names}.</translation>
    </message>
    <message>
        <source>Left out: {problem}</source>
        <translation>Omitida: {problem}</translation>
    </message>
    <message>
        <source>Left out: {reasons}.</source>
        <translation>Omitidos: {reasons}.</translation>
    </message>
    <message>
        <source>Length, distal to proximal</source>
        <translation>Longitud, de distal a proximal</translation>
    </message>
    <message>
        <source>Lengthen the exposure, darken the room, then retake.</source>
        <translation>Aumente la exposición, oscurezca la sala y repita la toma.</translation>
    </message>
    <message>
        <source>Lesion</source>
        <translation>Lesión</translation>
    </message>
    <message>
        <source>Lesion (internal number)</source>
        <translation>Lesión (número interno)</translation>
    </message>
    <message>
        <source>Lesion 1 (new)</source>
        <translation>Lesión 1 (nueva)</translation>
    </message>
    <message>
        <source>Lesion margin and surface</source>
        <translation>Margen y superficie de la lesión</translation>
    </message>
    <message>
        <source>Lesion size</source>
        <translation>Tamaño de la lesión</translation>
    </message>
    <message>
        <source>Lesion {number}</source>
        <translation>Lesión {number}</translation>
    </message>
    <message>
        <source>Lesion {number} as drawn: {measures}.</source>
        <translation>Lesión {number} según el dibujo: {measures}.</translation>
    </message>
    <message>
        <source>Lesion {number} is not drawn on these pictures: press D on the stage and draw around it.</source>
        <translation>La lesión {number} no está dibujada en estas imágenes: pulse D en el visor y dibuje alrededor de ella.</translation>
    </message>
    <message>
        <source>Lesion {number}: an inner border lies between thin and dense acetowhite epithelium</source>
        <translation>Lesión {number}: un borde interno está entre epitelio acetoblanco fino y denso</translation>
    </message>
    <message numerus="yes">
        <source>Lesion {number}: its hours lie in more than %n quadrant(s)</source>
        <translation>
            <numerusform>Lesión {number}: sus horas abarcan más de %n cuadrante</numerusform>
            <numerusform>Lesión {number}: sus horas abarcan más de %n cuadrantes</numerusform>
        </translation>
    </message>
    <message>
        <source>Lesion {number}: rapid acetowhitening, and it was first measured at {seconds:.0f} s</source>
        <translation>Lesión {number}: aparición rápida de epitelio acetoblanco, y se midió por primera vez a los {seconds:.0f} s</translation>
    </message>
    <message>
        <source>Lesions</source>
        <translation>Lesiones</translation>
    </message>
    <message>
        <source>Less</source>
        <translation>Menos</translation>
    </message>
    <message>
        <source>Less seen as less</source>
        <translation>Menor visto como menor</translation>
    </message>
    <message>
        <source>Let go of what is dragged; back to the pan tool; from another visit or the player back to the pair</source>
        <translation>Soltar lo que se arrastra; volver a la herramienta de desplazar; de otra visita o del reproductor, volver al par</translation>
    </message>
    <message>
        <source>Let it go out</source>
        <translation>Dejarla salir</translation>
    </message>
    <message>
        <source>Letter</source>
        <translation>Carta</translation>
    </message>
    <message>
        <source>Letter due</source>
        <translation>Carta pendiente</translation>
    </message>
    <message>
        <source>Letter sent</source>
        <translation>Carta enviada</translation>
    </message>
    <message>
        <source>Letters</source>
        <translation>Cartas</translation>
    </message>
    <message>
        <source>Letters with the result are followed up</source>
        <translation>Hacer seguimiento de las cartas con el resultado</translation>
    </message>
    <message>
        <source>Letters, digits, - _ and .</source>
        <translation>Letras, cifras, - _ y .</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Nivel</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>Biblioteca</translation>
    </message>
    <message>
        <source>Library {library}</source>
        <translation>Biblioteca {library}</translation>
    </message>
    <message>
        <source>Library {library}, encrypted</source>
        <translation>Biblioteca {library}, cifrada</translation>
    </message>
    <message>
        <source>Licence: Apache 2.0; see LICENSE. Other people's parts are listed in the README.</source>
        <translation>Licencia: Apache 2.0; véase LICENSE. Los componentes de terceros se enumeran en el README.</translation>
    </message>
    <message>
        <source>Light</source>
        <comment>the theme of light colours</comment>
        <translation>Claro</translation>
    </message>
    <message>
        <source>Likely</source>
        <comment>how sure</comment>
        <translation>Probable</translation>
    </message>
    <message>
        <source>Limited</source>
        <translation>Limitada</translation>
    </message>
    <message>
        <source>Line {number}, {moment}, by {who}</source>
        <translation>Línea {number}, {moment}, por {who}</translation>
    </message>
    <message>
        <source>Line {number}: {text}</source>
        <translation>Línea {number}: {text}</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, never better since.</source>
        <translation>Línea: pérdida en casos de los que no se aprende, {start:.3f} al inicio, nunca mejor desde entonces.</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, {least:.3f} after epoch {best} (the best, ringed).</source>
        <translation>Línea: pérdida en casos de los que no se aprende, {start:.3f} al inicio, {least:.3f} tras la época {best} (la mejor, con un círculo).</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start.</source>
        <translation>Línea: pérdida en casos de los que no se aprende, {start:.3f} al inicio.</translation>
    </message>
    <message>
        <source>Lines of the audit trail</source>
        <translation>Líneas del registro de auditoría</translation>
    </message>
    <message>
        <source>Live help</source>
        <translation>Ayuda en vivo</translation>
    </message>
    <message>
        <source>Live picture</source>
        <translation>Imagen en vivo</translation>
    </message>
    <message>
        <source>Load the pair again</source>
        <translation>Cargar de nuevo el par</translation>
    </message>
    <message>
        <source>Loading ...</source>
        <translation>Cargando ...</translation>
    </message>
    <message>
        <source>Loading the numeric library</source>
        <translation>Cargando la biblioteca numérica</translation>
    </message>
    <message>
        <source>Loading the pictures</source>
        <translation>Cargando las imágenes</translation>
    </message>
    <message>
        <source>Loading the pictures ...</source>
        <translation>Cargando las imágenes ...</translation>
    </message>
    <message>
        <source>Loading this pair ...</source>
        <translation>Cargando este par ...</translation>
    </message>
    <message>
        <source>Loc&amp;k the window</source>
        <translation>Blo&amp;quear la ventana</translation>
    </message>
    <message>
        <source>Location</source>
        <translation>Localización</translation>
    </message>
    <message>
        <source>Lock after</source>
        <translation>Bloquear tras</translation>
    </message>
    <message>
        <source>Lock the window</source>
        <translation>Bloquear la ventana</translation>
    </message>
    <message>
        <source>Locked</source>
        <translation>Bloqueado</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>Buscar de nuevo</translation>
    </message>
    <message>
        <source>Look at both pictures</source>
        <translation>Mire ambas imágenes</translation>
    </message>
    <message>
        <source>Look at it yourself</source>
        <translation>Compruébelo usted</translation>
    </message>
    <message>
        <source>Look at it...</source>
        <translation>Verlo...</translation>
    </message>
    <message>
        <source>Look at lamp and filter, then take the pair again.</source>
        <translation>Revise la lámpara y el filtro y tome de nuevo el par.</translation>
    </message>
    <message>
        <source>Look at the locked test again</source>
        <translation>Ver de nuevo la prueba bloqueada</translation>
    </message>
    <message>
        <source>Look at the pictures</source>
        <translation>Mire las imágenes</translation>
    </message>
    <message>
        <source>Look at the pictures first: scroll through all of them.</source>
        <translation>Mire primero las imágenes: recórralas todas.</translation>
    </message>
    <message>
        <source>Look at them</source>
        <translation>Examinar</translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error unknown.</source>
        <translation>Compruebe antes de confiar: error estimado desconocido.</translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error {error}.</source>
        <translation>Compruebe antes de confiar: error estimado {error}.</translation>
    </message>
    <message>
        <source>Look up</source>
        <translation>Buscar</translation>
    </message>
    <message>
        <source>Look whether both meet; take the pair again if there is time.</source>
        <translation>Compruebe si ambas coinciden; tome de nuevo el par si hay tiempo.</translation>
    </message>
    <message>
        <source>Look whether both pictures meet under the cursor; place points by hand if they do not.</source>
        <translation>Compruebe si ambas imágenes coinciden bajo el cursor; si no, coloque puntos a mano.</translation>
    </message>
    <message>
        <source>Look whether your last work is there; if not, do it again or restore a backup</source>
        <translation>Compruebe si está su último trabajo; si no, hágalo de nuevo o restaure una copia de seguridad</translation>
    </message>
    <message>
        <source>Look who she is</source>
        <translation>Compruebe quién es</translation>
    </message>
    <message>
        <source>Looked at through</source>
        <translation>Mirar a través de</translation>
    </message>
    <message>
        <source>Looking ...</source>
        <translation>Buscando ...</translation>
    </message>
    <message>
        <source>Looking at the colours</source>
        <translation>Mirando los colores</translation>
    </message>
    <message>
        <source>Looking at the colours.</source>
        <translation>Mirando los colores.</translation>
    </message>
    <message>
        <source>Looking at the frames that were recorded after acetic acid ...</source>
        <translation>Mirando los fotogramas grabados tras el ácido acético ...</translation>
    </message>
    <message>
        <source>Looking at the pair ...</source>
        <translation>Mirando el par ...</translation>
    </message>
    <message>
        <source>Looking at the pictures</source>
        <translation>Mirando las imágenes</translation>
    </message>
    <message>
        <source>Looking at the pictures once</source>
        <translation>Mirando las imágenes una vez</translation>
    </message>
    <message>
        <source>Looking at whitening</source>
        <translation>Mirando el blanqueamiento</translation>
    </message>
    <message>
        <source>Looking for cases</source>
        <translation>Buscando casos</translation>
    </message>
    <message>
        <source>Looking for pairs</source>
        <translation>Buscando pares</translation>
    </message>
    <message>
        <source>Looking for pictures</source>
        <translation>Buscando imágenes</translation>
    </message>
    <message>
        <source>Looking for pictures ...</source>
        <translation>Buscando imágenes ...</translation>
    </message>
    <message>
        <source>Looking for squares ...</source>
        <translation>Buscando cuadros ...</translation>
    </message>
    <message>
        <source>Looking for tasks ...</source>
        <translation>Buscando tareas ...</translation>
    </message>
    <message>
        <source>Looking for the earlier pictures ...</source>
        <translation>Buscando las imágenes anteriores ...</translation>
    </message>
    <message>
        <source>Looking for the pictures</source>
        <translation>Buscando las imágenes</translation>
    </message>
    <message>
        <source>Looking how the pairs differ</source>
        <translation>Mirando en qué difieren los pares</translation>
    </message>
    <message>
        <source>Looking what the files say</source>
        <translation>Mirando qué indican los archivos</translation>
    </message>
    <message>
        <source>Looking whether it can be undone</source>
        <translation>Comprobando si puede deshacerse</translation>
    </message>
    <message>
        <source>Losses by epoch</source>
        <translation>Pérdida por época</translation>
    </message>
    <message>
        <source>Loupe</source>
        <translation>Lupa</translation>
    </message>
    <message>
        <source>Low</source>
        <comment>grade</comment>
        <translation>Bajo grado</translation>
    </message>
    <message>
        <source>Low-intensity acetowhitening (not completely opaque); indistinct; transparent or translucent; beyond the margin of the transformation zone; pure snow-white with intense surface shine</source>
        <translation>Acetoblanqueamiento de baja intensidad (no completamente opaco); indistinto; transparente o translúcido; más allá del margen de la zona de transformación; blanco nieve puro con intenso brillo superficial</translation>
    </message>
    <message>
        <source>Lower the light or the exposure, retake.</source>
        <translation>Reduzca la luz o la exposición y repita la toma.</translation>
    </message>
    <message>
        <source>Lugol's iodine</source>
        <translation>Lugol</translation>
    </message>
    <message>
        <source>Lugol's iodine allowed in spite of a known allergy: {reason}</source>
        <translation>Lugol permitido pese a una alergia conocida: {reason}</translation>
    </message>
    <message>
        <source>Lugol's iodine comes last: its stain is on all that is taken after it</source>
        <translation>El lugol va al final: su tinción queda en todo lo que se toma después</translation>
    </message>
    <message>
        <source>Lugol's iodine is on: it hides fluorescence, and no model reads such a pair. W takes a white-light picture. Press again within 3 seconds to take the pair all the same.</source>
        <translation>Hay lugol aplicado: oculta la fluorescencia, y ningún modelo lee un par así. W toma una imagen de luz blanca. Pulse de nuevo en menos de 3 segundos para tomar el par de todos modos.</translation>
    </message>
    <message>
        <source>Lugol's iodine: non-stained</source>
        <translation>Lugol: no teñido</translation>
    </message>
    <message>
        <source>Lugol's iodine: stained</source>
        <translation>Lugol: teñido</translation>
    </message>
    <message>
        <source>MDT meeting</source>
        <translation>Comité (MDT)</translation>
    </message>
    <message>
        <source>MJPG video (*.avi)</source>
        <translation>Video MJPG (*.avi)</translation>
    </message>
    <message>
        <source>Macro recall</source>
        <translation>Sensibilidad macro</translation>
    </message>
    <message>
        <source>Made</source>
        <translation>Creada</translation>
    </message>
    <message>
        <source>Made at</source>
        <translation>Creado el</translation>
    </message>
    <message>
        <source>Made by</source>
        <translation>Creado por</translation>
    </message>
    <message>
        <source>Made from picture files, without a patient or findings.</source>
        <translation>Hecho a partir de archivos de imagen, sin paciente ni hallazgos.</translation>
    </message>
    <message>
        <source>Make a new library in this folder</source>
        <translation>Crear una biblioteca nueva en esta carpeta</translation>
    </message>
    <message>
        <source>Make the library</source>
        <translation>Crear la biblioteca</translation>
    </message>
    <message>
        <source>Make the new folder in</source>
        <translation>Crear la carpeta nueva en</translation>
    </message>
    <message>
        <source>Make the task</source>
        <translation>Crear la tarea</translation>
    </message>
    <message>
        <source>Making it...</source>
        <translation>Creándola...</translation>
    </message>
    <message>
        <source>Making the demo library</source>
        <translation>Creando la biblioteca de demostración</translation>
    </message>
    <message>
        <source>Making the labels</source>
        <translation>Creando las etiquetas</translation>
    </message>
    <message>
        <source>Making the library</source>
        <translation>Creando la biblioteca</translation>
    </message>
    <message>
        <source>Making the report</source>
        <translation>Creando el informe</translation>
    </message>
    <message>
        <source>Making the report that was signed</source>
        <translation>Creando el informe que se firmó</translation>
    </message>
    <message>
        <source>Making the task</source>
        <translation>Creando la tarea</translation>
    </message>
    <message>
        <source>Making the task ...</source>
        <translation>Creando la tarea ...</translation>
    </message>
    <message>
        <source>Manoeuvre or instrument</source>
        <translation>Maniobra o instrumento</translation>
    </message>
    <message>
        <source>Map over the picture</source>
        <translation>Mapa sobre la imagen</translation>
    </message>
    <message>
        <source>Map, {words}</source>
        <translation>Mapa, {words}</translation>
    </message>
    <message>
        <source>Map: how long it stayed white</source>
        <translation>Mapa: cuánto tiempo permaneció blanco</translation>
    </message>
    <message>
        <source>Map: most whitening</source>
        <translation>Mapa: blanqueamiento máximo</translation>
    </message>
    <message>
        <source>Mar</source>
        <translation>mar</translation>
    </message>
    <message>
        <source>March</source>
        <translation>marzo</translation>
    </message>
    <message>
        <source>Margin that is made black, in pixels</source>
        <translation>Margen que se tapa en negro, en píxeles</translation>
    </message>
    <message>
        <source>Margins</source>
        <translation>Márgenes</translation>
    </message>
    <message>
        <source>Margins and surface</source>
        <translation>Márgenes y superficie</translation>
    </message>
    <message>
        <source>Mark the os first (O on the stage)</source>
        <translation>Marque primero el orificio externo (O en el visor)</translation>
    </message>
    <message>
        <source>Mark the os where the program found it</source>
        <translation>Marcar el orificio externo donde lo halló el programa</translation>
    </message>
    <message>
        <source>May</source>
        <comment>month</comment>
        <translation>mayo</translation>
    </message>
    <message>
        <source>May</source>
        <translation>may</translation>
    </message>
    <message>
        <source>May sign in</source>
        <translation>Puede iniciar sesión</translation>
    </message>
    <message>
        <source>Meaning</source>
        <translation>Significado</translation>
    </message>
    <message>
        <source>Menopause</source>
        <translation>Menopausia</translation>
    </message>
    <message>
        <source>Menu {menu}</source>
        <translation>Menú {menu}</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Mensaje</translation>
    </message>
    <message>
        <source>Message of this page</source>
        <translation>Mensaje de esta página</translation>
    </message>
    <message>
        <source>Method: {method}.</source>
        <translation>Método: {method}.</translation>
    </message>
    <message>
        <source>Microcondylomatous or micropapillary contour; flat with indistinct margins; feathered or finely scalloped; angular, jagged; satellites beyond the margin of the transformation zone</source>
        <translation>Contorno microcondilomatoso o micropapilar; plano con márgenes indistintos; en pluma o finamente festoneado; anguloso, dentado; satélites más allá del margen de la zona de transformación</translation>
    </message>
    <message>
        <source>Middle error {error:.1f} px, worst pair {worst}</source>
        <translation>Error mediano {error:.1f} px, peor par {worst}</translation>
    </message>
    <message>
        <source>Millimetres in a pixel</source>
        <translation>Milímetros por píxel</translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): complete.</source>
        <translation>Conjunto mínimo (ASCCP): completo.</translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): {done} of {all}. Missing: {titles}.</source>
        <translation>Conjunto mínimo (ASCCP): {done} de {all}. Faltan: {titles}.</translation>
    </message>
    <message>
        <source>Miscellaneous</source>
        <translation>Miscelánea</translation>
    </message>
    <message>
        <source>Missing: {gaps}</source>
        <translation>Faltan: {gaps}</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>Modo</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modelo</translation>
    </message>
    <message>
        <source>Model attention</source>
        <translation>Atención del modelo</translation>
    </message>
    <message>
        <source>Model attention of which source</source>
        <translation>Atención del modelo de qué fuente</translation>
    </message>
    <message>
        <source>Model card</source>
        <translation>Ficha del modelo</translation>
    </message>
    <message>
        <source>Model files (*.pfm-model)</source>
        <translation>Archivos de modelo (*.pfm-model)</translation>
    </message>
    <message>
        <source>Model name</source>
        <translation>Nombre del modelo</translation>
    </message>
    <message>
        <source>Model {name} {version}</source>
        <translation>Modelo {name} {version}</translation>
    </message>
    <message>
        <source>Model {name}, version {version}, {variant}, {splice} splice; {label}.</source>
        <translation>Modelo {name}, versión {version}, {variant}, fusión {splice}; {label}.</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelos</translation>
    </message>
    <message>
        <source>Models and fine-tuning</source>
        <translation>Modelos y ajuste fino</translation>
    </message>
    <message>
        <source>Models are learned by clinicians of this library: they see all labels.</source>
        <translation>Los modelos los aprenden los clínicos de esta biblioteca: ven todas las etiquetas.</translation>
    </message>
    <message>
        <source>Models that were learned here</source>
        <translation>Modelos entrenados aquí</translation>
    </message>
    <message>
        <source>Modified Reid index</source>
        <translation>Índice de Reid modificado</translation>
    </message>
    <message>
        <source>Monsel's solution</source>
        <translation>Solución de Monsel</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Más</translation>
    </message>
    <message>
        <source>More contrast</source>
        <translation>Más contraste</translation>
    </message>
    <message>
        <source>More than {limit:g} s: they may not show the same. Look at lamp and camera, take it again.</source>
        <translation>Más de {limit:g} s: quizá no muestren lo mismo. Revise la lámpara y la cámara y tómelo de nuevo.</translation>
    </message>
    <message>
        <source>Most whitening</source>
        <translation>Blanqueamiento máximo</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>Mover</translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)</source>
        <translation>
            <numerusform>Mover %n imagen</numerusform>
            <numerusform>Mover %n imágenes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)
from {origin}
to {woman}, visit of {when}?</source>
        <translation>
            <numerusform>¿Mover %n imagen
de {origin}
a {woman}, visita del {when}?</numerusform>
            <numerusform>¿Mover %n imágenes
de {origin}
a {woman}, visita del {when}?</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s) to</source>
        <translation>
            <numerusform>Mover %n imagen a</numerusform>
            <numerusform>Mover %n imágenes a</numerusform>
        </translation>
    </message>
    <message>
        <source>Move closer or zoom in until the cervix fills most of the picture, then retake.</source>
        <translation>Acérquese o amplíe hasta que el cuello uterino ocupe casi toda la imagen y repita la toma.</translation>
    </message>
    <message>
        <source>Move in the list, from the search field too</source>
        <translation>Moverse por la lista, también desde el campo de búsqueda</translation>
    </message>
    <message>
        <source>Move the blend or the curtain</source>
        <translation>Mover la mezcla o la cortina</translation>
    </message>
    <message>
        <source>Move the blend or the curtain; [ and ] with a brush: its size</source>
        <translation>Mover la mezcla o la cortina; [ y ] con un pincel: su tamaño</translation>
    </message>
    <message>
        <source>Move the chosen pictures to another visit ...</source>
        <translation>Mover las imágenes elegidas a otra visita ...</translation>
    </message>
    <message>
        <source>Move the chosen pin</source>
        <translation>Mover la marca elegida</translation>
    </message>
    <message>
        <source>Move the cursor</source>
        <translation>Mover el cursor</translation>
    </message>
    <message numerus="yes">
        <source>Move the visit of {when}, with %n picture(s) and all that is said in it,
from {woman}
to {other}?</source>
        <translation>
            <numerusform>¿Mover la visita del {when}, con %n imagen y todo lo indicado en ella,
de {woman}
a {other}?</numerusform>
            <numerusform>¿Mover la visita del {when}, con %n imágenes y todo lo indicado en ella,
de {woman}
a {other}?</numerusform>
        </translation>
    </message>
    <message>
        <source>Move to another visit...</source>
        <translation>Mover a otra visita...</translation>
    </message>
    <message>
        <source>Move visit</source>
        <translation>Mover visita</translation>
    </message>
    <message>
        <source>Move visit to another patient</source>
        <translation>Mover visita a otra paciente</translation>
    </message>
    <message>
        <source>My figures</source>
        <translation>Mis cifras</translation>
    </message>
    <message>
        <source>My grade</source>
        <translation>Mi grado</translation>
    </message>
    <message>
        <source>My password</source>
        <translation>Mi contraseña</translation>
    </message>
    <message>
        <source>My second read ...</source>
        <translation>Mi segunda lectura ...</translation>
    </message>
    <message>
        <source>NHSCSP 20: told within 4 weeks (best practice), 8 weeks (minimum)</source>
        <translation>NHSCSP 20: informar en un máximo de 4 semanas (buena práctica) u 8 semanas (estándar mínimo)</translation>
    </message>
    <message>
        <source>NOT ALIGNED: {why}</source>
        <translation>NO ALINEADO: {why}</translation>
    </message>
    <message>
        <source>NOT removed: the picture itself, and words in it that are not made black. A scar or a rare finding may tell who she is: pass it on under agreement.</source>
        <translation>NO se elimina: la propia imagen y las palabras en ella que no se tapen en negro. Una cicatriz o un hallazgo raro pueden revelar quién es: compártala bajo acuerdo.</translation>
    </message>
    <message>
        <source>Name</source>
        <comment>of a task</comment>
        <translation>Nombre</translation>
    </message>
    <message>
        <source>Name</source>
        <comment>of a model</comment>
        <translation>Nombre</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Nombre</translation>
    </message>
    <message>
        <source>Name and address of the clinic</source>
        <translation>Nombre y dirección de la clínica</translation>
    </message>
    <message>
        <source>Name and serial number</source>
        <translation>Nombre y número de serie</translation>
    </message>
    <message>
        <source>Name of the file</source>
        <translation>Nombre del archivo</translation>
    </message>
    <message>
        <source>Name or ID</source>
        <translation>Nombre o ID</translation>
    </message>
    <message>
        <source>Names are hidden on this page</source>
        <translation>Los nombres están ocultos en esta página</translation>
    </message>
    <message>
        <source>Names are hidden while pairs are read</source>
        <translation>Los nombres están ocultos mientras se leen pares</translation>
    </message>
    <message>
        <source>Names are hidden: nothing to search</source>
        <translation>Los nombres están ocultos: nada que buscar</translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads, and the AI answer until the own grade is given: the site shows it after that to who asks for it (Settings).</source>
        <translation>Los nombres, los hallazgos y la histología quedan ocultos para quien lee, y la respuesta de la IA hasta que da su propio grado: después, el centro la muestra a quien la pide (Ajustes).</translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads. The AI answer is shown to who asks for it, also before the grade: such reads are marked, and count in no blind figure.</source>
        <translation>Los nombres, los hallazgos y la histología quedan ocultos para quien lee. La respuesta de la IA se muestra a quien la pide, también antes del grado: esas lecturas se marcan y no cuentan en ninguna cifra ciega.</translation>
    </message>
    <message>
        <source>Names, findings, histology and AI answers stay hidden from who reads.</source>
        <translation>Los nombres, los hallazgos, la histología y las respuestas de la IA quedan ocultos para quien lee.</translation>
    </message>
    <message>
        <source>Negative uptake: yellow staining of a lesion that has 4 or more on the other three</source>
        <translation>Captación negativa: tinción amarilla de una lesión con 4 o más puntos en los otros tres</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Nuevo</translation>
    </message>
    <message>
        <source>New &amp;library...</source>
        <translation>Nueva &amp;biblioteca...</translation>
    </message>
    <message>
        <source>New &amp;password</source>
        <translation>Nueva &amp;contraseña</translation>
    </message>
    <message>
        <source>New &amp;patient...</source>
        <translation>Nueva &amp;paciente...</translation>
    </message>
    <message>
        <source>New &amp;visit...</source>
        <translation>Nueva &amp;visita...</translation>
    </message>
    <message>
        <source>New here? A short tour shows the way, on phantoms: no real women, and nothing is changed or signed by it.</source>
        <translation>¿Primera vez aquí? Un breve recorrido muestra el camino, en fantomas: no hay pacientes reales, y con él no se cambia ni se firma nada.</translation>
    </message>
    <message>
        <source>New keys</source>
        <translation>Nuevas teclas</translation>
    </message>
    <message>
        <source>New library</source>
        <translation>Nueva biblioteca</translation>
    </message>
    <message>
        <source>New library...</source>
        <translation>Nueva biblioteca...</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>Nueva contraseña</translation>
    </message>
    <message>
        <source>New password, if any</source>
        <translation>Nueva contraseña, si procede</translation>
    </message>
    <message>
        <source>New patient</source>
        <translation>Nueva paciente</translation>
    </message>
    <message>
        <source>New recovery key</source>
        <translation>Nueva clave de recuperación</translation>
    </message>
    <message>
        <source>New recovery key...</source>
        <translation>Nueva clave de recuperación...</translation>
    </message>
    <message>
        <source>New shortcut</source>
        <translation>Nuevo atajo</translation>
    </message>
    <message>
        <source>New task</source>
        <translation>Nueva tarea</translation>
    </message>
    <message>
        <source>New task...</source>
        <translation>Nueva tarea...</translation>
    </message>
    <message>
        <source>New visit</source>
        <translation>Nueva visita</translation>
    </message>
    <message>
        <source>New: {records}</source>
        <translation>Nuevo: {records}</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Siguiente</translation>
    </message>
    <message>
        <source>Next area of the page</source>
        <translation>Área siguiente de la página</translation>
    </message>
    <message>
        <source>Next pair, without reading</source>
        <translation>Par siguiente, sin leer</translation>
    </message>
    <message>
        <source>Next step</source>
        <translation>Paso siguiente</translation>
    </message>
    <message>
        <source>Next visit</source>
        <translation>Visita siguiente</translation>
    </message>
    <message>
        <source>Next with words (N)</source>
        <translation>Siguiente con palabras (N)</translation>
    </message>
    <message>
        <source>Nil or diffuse</source>
        <translation>Ausentes o difusos</translation>
    </message>
    <message>
        <source>Nil or transparent</source>
        <translation>Nula o transparente</translation>
    </message>
    <message>
        <source>Nine groups of four letters and digits. Whoever signs in so becomes an administrator of the library.</source>
        <translation>Nueve grupos de cuatro letras y cifras. Quien inicia sesión así pasa a ser administrador de la biblioteca.</translation>
    </message>
    <message>
        <source>No</source>
        <translation>No</translation>
    </message>
    <message>
        <source>No acetowhite epithelium, and lesion {lesions} shows it</source>
        <translation>Sin epitelio acetoblanco, y la lesión {lesions} lo muestra</translation>
    </message>
    <message>
        <source>No answer is given from both: {reason}. The pictures can be looked at together.</source>
        <translation>No se da respuesta a partir de ambas: {reason}. Las imágenes pueden verse juntas.</translation>
    </message>
    <message>
        <source>No answer: refused</source>
        <translation>Sin respuesta: rechazada</translation>
    </message>
    <message>
        <source>No answer: {reason}</source>
        <translation>Sin respuesta: {reason}</translation>
    </message>
    <message>
        <source>No backup was found in {folder}: the disk may not be connected.</source>
        <translation>No se halló ninguna copia de seguridad en {folder}: quizá el disco no esté conectado.</translation>
    </message>
    <message>
        <source>No bands</source>
        <translation>Sin rangos</translation>
    </message>
    <message>
        <source>No camera is chosen on this workstation yet. Press D, or Device below, to choose one.</source>
        <translation>Aún no se ha elegido ninguna cámara en esta estación de trabajo. Pulse D, o Dispositivo abajo, para elegir una.</translation>
    </message>
    <message>
        <source>No camera takes pictures of this shape: give the picture as the camera took it, neither cut nor squeezed.</source>
        <translation>Ninguna cámara toma imágenes con esta forma: aporte la imagen tal como la tomó la cámara, ni recortada ni comprimida.</translation>
    </message>
    <message>
        <source>No case can be learned from: all that have a label are left out, for the reasons below.</source>
        <translation>No se puede aprender de ningún caso: todos los que tienen etiqueta se han omitido, por los motivos de abajo.</translation>
    </message>
    <message>
        <source>No case has a label yet. Grade pairs in Annotate, or enter histology in Review.</source>
        <translation>Ningún caso tiene etiqueta todavía. Asigne grado a pares en Anotación, o introduzca la histología en Revisión.</translation>
    </message>
    <message>
        <source>No clip in this visit yet. R records one.</source>
        <translation>Aún no hay clip en esta visita. R graba uno.</translation>
    </message>
    <message>
        <source>No clip was recorded.</source>
        <translation>No se grabó ningún clip.</translation>
    </message>
    <message>
        <source>No dark frame was subtracted: {why}. Take a new one.</source>
        <translation>No se restó ningún fotograma oscuro: {why}. Tome uno nuevo.</translation>
    </message>
    <message>
        <source>No earlier visit of this woman has pictures.</source>
        <translation>Ninguna visita anterior de esta paciente tiene imágenes.</translation>
    </message>
    <message>
        <source>No epoch was better than the model before: only its calibration is new.</source>
        <translation>Ninguna época fue mejor que el modelo anterior: solo su calibración es nueva.</translation>
    </message>
    <message>
        <source>No error to show yet: up to 3 pairs always fit.</source>
        <translation>Aún no hay error que mostrar: hasta 3 pares siempre encajan.</translation>
    </message>
    <message>
        <source>No filter</source>
        <translation>Sin filtro</translation>
    </message>
    <message>
        <source>No fluorescence picture here: add one for a pair, or go on with one source.</source>
        <translation>Aquí no hay imagen de fluorescencia: añada una para formar un par, o continúe con una sola fuente.</translation>
    </message>
    <message>
        <source>No fluorescence picture in this pair</source>
        <translation>Sin imagen de fluorescencia en este par</translation>
    </message>
    <message>
        <source>No fluorescence: {why}</source>
        <translation>Sin fluorescencia: {why}</translation>
    </message>
    <message>
        <source>No folder for backups is chosen yet. Best is one on another disk, kept away from this computer.</source>
        <translation>Aún no se ha elegido carpeta para copias de seguridad. Lo mejor es una en otro disco, guardado lejos de este equipo.</translation>
    </message>
    <message>
        <source>No folder is chosen yet.</source>
        <translation>Aún no se ha elegido ninguna carpeta.</translation>
    </message>
    <message>
        <source>No keys</source>
        <translation>Sin teclas</translation>
    </message>
    <message>
        <source>No keys of its own: Tab goes from one control to the next, Space and Enter press.</source>
        <translation>Sin teclas propias: Tab pasa de un control al siguiente, Espacio e Intro pulsan.</translation>
    </message>
    <message>
        <source>No lesion is documented. Each has its own signs and scores.</source>
        <translation>No hay ninguna lesión documentada. Cada una tiene sus propios signos y puntuaciones.</translation>
    </message>
    <message>
        <source>No lesion, and lesion {lesions} is on record</source>
        <translation>Ninguna lesión, pero está registrada la lesión {lesions}</translation>
    </message>
    <message>
        <source>No letter is due.</source>
        <translation>No hay cartas pendientes.</translation>
    </message>
    <message>
        <source>No map</source>
        <translation>Sin mapa</translation>
    </message>
    <message>
        <source>No model on this computer. Pictures can be looked at, registered and reported; there is no AI answer.

Bring a model folder with `pfm models import FOLDER`, or put it into:
{folder}</source>
        <translation>No hay modelo en este equipo. Las imágenes pueden verse, registrarse e informarse; no hay respuesta de la IA.

Traiga una carpeta de modelo con `pfm models import FOLDER`, o colóquela en:
{folder}</translation>
    </message>
    <message>
        <source>No os is suggested in pictures that cannot be used.</source>
        <translation>No se sugiere el orificio externo en imágenes que no pueden usarse.</translation>
    </message>
    <message>
        <source>No os was found in these pictures.</source>
        <translation>No se halló el orificio externo en estas imágenes.</translation>
    </message>
    <message>
        <source>No pair</source>
        <translation>Sin par</translation>
    </message>
    <message>
        <source>No pair is guessed: choose one picture of each source and make them a pair (P).</source>
        <translation>No se supone ningún par: elija una imagen de cada fuente y forme un par con ellas (P).</translation>
    </message>
    <message>
        <source>No pair of these pictures is on record yet. Show the pictures and put two on the stage, or add pictures.</source>
        <translation>Aún no hay ningún par de estas imágenes registrado. Muestre las imágenes y ponga dos en el visor, o añada imágenes.</translation>
    </message>
    <message>
        <source>No pair yet</source>
        <translation>Aún sin par</translation>
    </message>
    <message>
        <source>No picture can be moved. {reason}</source>
        <translation>No se puede mover ninguna imagen. {reason}</translation>
    </message>
    <message>
        <source>No picture on the stage to compare with.</source>
        <translation>No hay imagen en el visor con la que comparar.</translation>
    </message>
    <message>
        <source>No picture on the stage.</source>
        <translation>No hay imagen en el visor.</translation>
    </message>
    <message>
        <source>No picture on the stage. Choose one in the filmstrip below.</source>
        <translation>No hay imagen en el visor. Elija una en la tira de imágenes de abajo.</translation>
    </message>
    <message>
        <source>No picture was found here.</source>
        <translation>Aquí no se encontró ninguna imagen.</translation>
    </message>
    <message>
        <source>No picture was found there. Choose another folder, zip or file.</source>
        <translation>Allí no se encontró ninguna imagen. Elija otra carpeta, otro archivo ZIP u otro archivo.</translation>
    </message>
    <message>
        <source>No picture would go out.</source>
        <translation>No saldría ninguna imagen.</translation>
    </message>
    <message>
        <source>No pictures can be brought in</source>
        <translation>No se pueden importar imágenes</translation>
    </message>
    <message>
        <source>No pictures can be brought into this library: {reason}.</source>
        <translation>No se pueden importar imágenes en esta biblioteca: {reason}.</translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, and the engine reads them.</source>
        <translation>Aún no hay imágenes en esta visita. Añada imágenes y el motor las leerá.</translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, or drop files here.</source>
        <translation>Aún no hay imágenes en esta visita. Añada imágenes o arrastre archivos aquí.</translation>
    </message>
    <message>
        <source>No pins yet. Press P on the stage, then click where the biopsy is taken.</source>
        <translation>Aún no hay marcas. Pulse P en el visor y luego haga clic donde se toma la biopsia.</translation>
    </message>
    <message>
        <source>No readers differ in this task</source>
        <translation>Los lectores no discrepan en esta tarea</translation>
    </message>
    <message>
        <source>No region drawn</source>
        <translation>Ninguna región dibujada</translation>
    </message>
    <message>
        <source>No result</source>
        <translation>Sin resultado</translation>
    </message>
    <message>
        <source>No result is awaited.

A biopsy pin set in Review, or a specimen added beside it, is waited for here until its result is entered.</source>
        <translation>No se espera ningún resultado.

Una marca de biopsia puesta en Revisión, o una muestra añadida junto a ella, se espera aquí hasta que se introduzca su resultado.</translation>
    </message>
    <message>
        <source>No result of histology is overdue.</source>
        <translation>Ningún resultado de histología está atrasado.</translation>
    </message>
    <message>
        <source>No step is left</source>
        <translation>No queda ningún paso</translation>
    </message>
    <message>
        <source>No tasks yet.

A clinician of this library makes them; they are listed here then. F5 looks again.</source>
        <translation>Aún no hay tareas.

Las crea un clínico de esta biblioteca; entonces aparecen aquí. F5 vuelve a mirar.</translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names and findings.
Choose New task to make the first one from a search.</source>
        <translation>Aún no hay tareas.

Una tarea es un conjunto de pares a los que se asigna un grado sin ver nombres ni hallazgos.
Elija Nueva tarea para crear la primera a partir de una búsqueda.</translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names, findings or AI.
Choose New task to make the first one from a search.</source>
        <translation>Aún no hay tareas.

Una tarea es un conjunto de pares a los que se asigna un grado sin ver nombres, hallazgos ni IA.
Elija Nueva tarea para crear la primera a partir de una búsqueda.</translation>
    </message>
    <message>
        <source>No tasks yet.

This library is open for reading only.</source>
        <translation>Aún no hay tareas.

Esta biblioteca está abierta solo para lectura.</translation>
    </message>
    <message>
        <source>No tissue near it stayed as it was: click on normal tissue yourself.</source>
        <translation>Ningún tejido cercano quedó como estaba: haga clic usted en tejido normal.</translation>
    </message>
    <message>
        <source>No visit is chosen.</source>
        <translation>No hay ninguna visita elegida.</translation>
    </message>
    <message>
        <source>No visit is found: change the search</source>
        <translation>No se encuentra ninguna visita: cambie la búsqueda</translation>
    </message>
    <message>
        <source>No visit is open</source>
        <translation>No hay ninguna visita abierta</translation>
    </message>
    <message>
        <source>No visit is open.</source>
        <translation>No hay ninguna visita abierta.</translation>
    </message>
    <message>
        <source>No visit is open. Choose one in Today.</source>
        <translation>No hay ninguna visita abierta. Elija una en Hoy.</translation>
    </message>
    <message>
        <source>No visit open</source>
        <translation>Ninguna visita abierta</translation>
    </message>
    <message>
        <source>No visit that you read has a result of histology yet.

Once results are entered here, your impressions are compared with them, for you alone.</source>
        <translation>Ninguna visita que usted haya leído tiene aún resultado de histología.

Cuando se introduzcan resultados aquí, sus impresiones se compararán con ellos, solo para usted.</translation>
    </message>
    <message>
        <source>No visit today.</source>
        <translation>Ninguna visita hoy.</translation>
    </message>
    <message>
        <source>No visits yet.

Choose New patient to add the first one, or drop two picture files here.
Folders or zips with pictures of many visits are brought in by Import pictures, or dropped here.</source>
        <translation>Aún no hay visitas.

Elija Nueva paciente para añadir la primera, o arrastre aquí dos archivos de imagen.
Las carpetas o archivos ZIP con imágenes de muchas visitas se incorporan con Importar imágenes, o arrastrándolos aquí.</translation>
    </message>
    <message>
        <source>No visits yet.

This library is open for reading only.</source>
        <translation>Aún no hay visitas.

Esta biblioteca está abierta solo para lectura.</translation>
    </message>
    <message>
        <source>No white light picture here: add one for a pair, or go on with one source.</source>
        <translation>Aquí no hay imagen de luz blanca: añada una para formar un par, o continúe con una sola fuente.</translation>
    </message>
    <message>
        <source>No white-light picture after acetic acid in this visit.</source>
        <translation>En esta visita no hay imagen de luz blanca después del ácido acético.</translation>
    </message>
    <message>
        <source>No white-light picture in this pair</source>
        <translation>En este par no hay imagen de luz blanca</translation>
    </message>
    <message>
        <source>No whitening so far ({frames} frames).</source>
        <translation>Sin blanqueamiento hasta ahora ({frames} fotogramas).</translation>
    </message>
    <message>
        <source>Nobody has said who the woman is: give the visit to her (Capture, or Ctrl+M in Today), then sign it.</source>
        <translation>Nadie ha indicado quién es la paciente: asígnele la visita (Captura, o Ctrl+M en Hoy) y luego fírmela.</translation>
    </message>
    <message>
        <source>Nobody has said whose these visits are: assign them to patients first.</source>
        <translation>Nadie ha indicado de quién son estas visitas: asígnelas primero a pacientes.</translation>
    </message>
    <message>
        <source>Nobody has the identifier {identifier} in this library: she will be added.</source>
        <translation>Nadie tiene el identificador {identifier} en esta biblioteca: se añadirá la paciente.</translation>
    </message>
    <message>
        <source>Nobody is found. Search by name, ID or date.</source>
        <translation>No se encuentra a nadie. Busque por nombre, ID o fecha.</translation>
    </message>
    <message>
        <source>Nobody on record fits. Enter her below as a new patient.</source>
        <translation>Ninguna paciente registrada coincide. Introdúzcala abajo como nueva paciente.</translation>
    </message>
    <message>
        <source>Non-specific</source>
        <translation>No específicos</translation>
    </message>
    <message>
        <source>None comes again: a repeat comes {gap} pairs or more after the first read, and this task is too short for that.</source>
        <translation>Ninguno se repite: una repetición llega {gap} pares o más después de la primera lectura, y esta tarea es demasiado corta para ello.</translation>
    </message>
    <message numerus="yes">
        <source>None comes again: the share is less than one of %n pair(s).</source>
        <translation>
            <numerusform>Ninguno se repite: la proporción es menos de uno de %n par.</numerusform>
            <numerusform>Ninguno se repite: la proporción es menos de uno de %n pares.</numerusform>
        </translation>
    </message>
    <message>
        <source>Normal</source>
        <comment>grade</comment>
        <translation>Normal</translation>
    </message>
    <message>
        <source>Normal findings</source>
        <translation>Hallazgos normales</translation>
    </message>
    <message>
        <source>Normal tissue</source>
        <translation>Tejido normal</translation>
    </message>
    <message>
        <source>Not aligned</source>
        <translation>No alineado</translation>
    </message>
    <message>
        <source>Not all was read. F5 reads again.</source>
        <translation>No se leyó todo. F5 vuelve a leer.</translation>
    </message>
    <message>
        <source>Not brought in: {problem}</source>
        <translation>No importado: {problem}</translation>
    </message>
    <message>
        <source>Not brought in: {reason}</source>
        <translation>No importado: {reason}</translation>
    </message>
    <message>
        <source>Not calibrated so far.</source>
        <translation>Sin calibrar hasta ahora.</translation>
    </message>
    <message>
        <source>Not checked. {message}</source>
        <translation>No comprobado. {message}</translation>
    </message>
    <message>
        <source>Not decided yet</source>
        <translation>Aún sin decidir</translation>
    </message>
    <message>
        <source>Not encrypted</source>
        <translation>Sin cifrar</translation>
    </message>
    <message>
        <source>Not exported</source>
        <translation>No exportado</translation>
    </message>
    <message>
        <source>Not exported. {message}</source>
        <translation>No exportado. {message}</translation>
    </message>
    <message>
        <source>Not exported. {why}</source>
        <translation>No exportado. {why}</translation>
    </message>
    <message>
        <source>Not filled from what was drawn: {why}.</source>
        <translation>No rellenado con lo dibujado: {why}.</translation>
    </message>
    <message>
        <source>Not graded: {reason}</source>
        <translation>Sin grado: {reason}</translation>
    </message>
    <message>
        <source>Not in the library yet. It is held here and tried again.</source>
        <translation>Aún no está en la biblioteca. Se conserva aquí y se vuelve a intentar.</translation>
    </message>
    <message>
        <source>Not kept yet: {texts}. What is wrong stands beside it. Stay to put it right.</source>
        <translation>Aún sin guardar: {texts}. El error se indica junto al campo. Quédese para corregirlo.</translation>
    </message>
    <message>
        <source>Not kept yet: {texts}. {why} Stay, and it is kept as soon as that is possible.</source>
        <translation>Aún sin guardar: {texts}. {why} Quédese y se guardará en cuanto sea posible.</translation>
    </message>
    <message>
        <source>Not kept: {why}.</source>
        <translation>No guardado: {why}.</translation>
    </message>
    <message>
        <source>Not known to be hers: they came before this visit was open here, or while nobody looked.</source>
        <translation>No se sabe si son de esta paciente: llegaron antes de que esta visita se abriera aquí, o mientras nadie miraba.</translation>
    </message>
    <message>
        <source>Not known whose ({folder})</source>
        <translation>No se sabe de quién ({folder})</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>Ahora no</translation>
    </message>
    <message>
        <source>Not read yet</source>
        <translation>Aún sin leer</translation>
    </message>
    <message>
        <source>Not registered: side by side</source>
        <translation>No alineadas: lado a lado</translation>
    </message>
    <message>
        <source>Not registered: {cause}.</source>
        <translation>Imágenes no alineadas: {cause}.</translation>
    </message>
    <message>
        <source>Not saved. {message}</source>
        <translation>No guardado. {message}</translation>
    </message>
    <message>
        <source>Not scored: Swede score.</source>
        <translation>Sin puntuar: puntuación de Swede.</translation>
    </message>
    <message>
        <source>Not signed</source>
        <translation>Sin firmar</translation>
    </message>
    <message>
        <source>Not signed: a draft.</source>
        <translation>Sin firmar: borrador.</translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, other weights, this one by {this}.</source>
        <translation>No es la respuesta que se reveló: aquella la dio {revealed}, con otros pesos; esta, {this}.</translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, this one by {this}.</source>
        <translation>No es la respuesta que se reveló: aquella la dio {revealed}; esta, {this}.</translation>
    </message>
    <message>
        <source>Not to be promoted without a reason:</source>
        <translation>No se debe promover sin un motivo:</translation>
    </message>
    <message>
        <source>Not to be relied on: {wrong} found wrong in {lines} lines.</source>
        <translation>No es fiable. Errores encontrados: {wrong}, en {lines} líneas.</translation>
    </message>
    <message>
        <source>Not used: its name leads to the model in {folder}.</source>
        <translation>No usado: su nombre conduce al modelo de {folder}.</translation>
    </message>
    <message>
        <source>Not {asked:,}: the task is too short for more.</source>
        <translation>No {asked:,}: la tarea es demasiado corta para más.</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Nota</translation>
    </message>
    <message>
        <source>Note on a pin</source>
        <translation>Nota de una marca</translation>
    </message>
    <message>
        <source>Note on pin {letter}</source>
        <translation>Nota de la marca {letter}</translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) is kept, and waits for the grade</source>
        <translation>
            <numerusform>La nota, calidad o región de %n par está guardada y espera el grado</numerusform>
            <numerusform>La nota, calidad o región de %n pares está guardada y espera el grado</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) waits for the grade, and is not all on disk</source>
        <translation>
            <numerusform>La nota, calidad o región de %n par espera el grado, y no todo está en el disco</numerusform>
            <numerusform>La nota, calidad o región de %n pares espera el grado, y no todo está en el disco</numerusform>
        </translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notas</translation>
    </message>
    <message>
        <source>Nothing can be taken: {why}.</source>
        <translation>No se puede tomar nada: {why}.</translation>
    </message>
    <message>
        <source>Nothing found for "{search}" among {only}.</source>
        <translation>No se encontró "{search}" (filtro: {only}).</translation>
    </message>
    <message>
        <source>Nothing found for "{search}" in this list.

Escape in the search field shows all of it.</source>
        <translation>No se encontró "{search}" en esta lista.

Esc en el campo de búsqueda la muestra entera.</translation>
    </message>
    <message>
        <source>Nothing found for "{search}".</source>
        <translation>No se encontró "{search}".</translation>
    </message>
    <message>
        <source>Nothing found.

No line fits all of the filters. Clear one of them, or all.</source>
        <translation>No se encontró nada.

Ninguna línea cumple todos los filtros. Borre uno de ellos, o todos.</translation>
    </message>
    <message>
        <source>Nothing found: the first day comes after the last one.

Change the days, or clear the filters.</source>
        <translation>No se encontró nada: el primer día es posterior al último.

Cambie los días o borre los filtros.</translation>
    </message>
    <message>
        <source>Nothing is brought in yet. You can go on working meanwhile.</source>
        <translation>Aún no se ha importado nada. Mientras tanto puede seguir trabajando.</translation>
    </message>
    <message>
        <source>Nothing is drawn</source>
        <translation>No hay nada dibujado</translation>
    </message>
    <message>
        <source>Nothing is drawn across this registration: it is for looking only. Draw on the white-light picture, or register the pair again.</source>
        <translation>A través de este registro de imágenes no se dibuja nada: es solo para mirar. Dibuje en la imagen de luz blanca, o registre de nuevo el par.</translation>
    </message>
    <message>
        <source>Nothing is kept: every run of the program has ended as it should, or what was known of it was removed.</source>
        <translation>No se guarda nada: el programa ha terminado siempre como debía, o lo que se sabía de ello se eliminó.</translation>
    </message>
    <message>
        <source>Nothing is marked, read or kept here.</source>
        <translation>Aquí no se marca, no se lee ni se guarda nada.</translation>
    </message>
    <message>
        <source>Nothing is on record yet.

Every change, reveal, export and setting will stand here.</source>
        <translation>Aún no hay nada registrado.

Aquí constará cada cambio, revelación, exportación y ajuste.</translation>
    </message>
    <message>
        <source>Nothing is taken before that is said.</source>
        <translation>No se toma nada antes de que eso se indique.</translation>
    </message>
    <message>
        <source>Nothing is to be discussed.</source>
        <translation>No hay nada que discutir.</translation>
    </message>
    <message>
        <source>Nothing is to be discussed.

Visits come here by themselves where histology and impression are two grades apart, and where the follow-up says so.</source>
        <translation>No hay nada que discutir.

Las visitas llegan aquí por sí solas cuando la histología y la impresión difieren en dos grados, y cuando el seguimiento lo indica.</translation>
    </message>
    <message>
        <source>Nothing more to decide here.

Left goes back, T to the tasks.</source>
        <translation>Aquí no queda nada por decidir.

Izquierda vuelve atrás, T va a las tareas.</translation>
    </message>
    <message>
        <source>Nothing on this computer opens folders. It is here: {folder}</source>
        <translation>Ningún programa de este equipo abre carpetas. Está aquí: {folder}</translation>
    </message>
    <message>
        <source>Nothing speaks against it: none of {measures} is worse beyond chance.</source>
        <translation>Nada habla en contra: ninguna de estas medidas es peor más allá del azar: {measures}.</translation>
    </message>
    <message>
        <source>Nothing taken yet</source>
        <translation>Nada tomado aún</translation>
    </message>
    <message>
        <source>Nothing to compare yet: no pair of this task was graded twice.</source>
        <translation>Aún no hay nada que comparar: ningún par de esta tarea se graduó dos veces.</translation>
    </message>
    <message>
        <source>Nothing to import</source>
        <translation>Nada que importar</translation>
    </message>
    <message>
        <source>Nothing to import yet</source>
        <translation>Nada que importar todavía</translation>
    </message>
    <message>
        <source>Nothing was added yet. What is marked above is already in another visit, or seems to be of another woman or day: remove it, or add it all the same.</source>
        <translation>Aún no se ha añadido nada. Lo marcado arriba ya está en otra visita, o parece ser de otra paciente o de otro día: quítelo, o añádalo de todos modos.</translation>
    </message>
    <message>
        <source>Nothing was changed. Keep the backups there are; ask who looks after the computers (pfm library repair).</source>
        <translation>No se cambió nada. Conserve las copias de seguridad que haya; pregunte a quien se ocupa de los equipos (pfm library repair).</translation>
    </message>
    <message>
        <source>Nothing was learned from this library yet.</source>
        <translation>Aún no se ha entrenado ningún modelo con esta biblioteca.</translation>
    </message>
    <message>
        <source>Nothing was left out.</source>
        <translation>No se omitió nada.</translation>
    </message>
    <message>
        <source>Nov</source>
        <translation>nov</translation>
    </message>
    <message>
        <source>November</source>
        <translation>noviembre</translation>
    </message>
    <message>
        <source>Now click on normal pink tissue: the whitening of the place is told against it.</source>
        <translation>Ahora haga clic en tejido rosado normal: el blanqueamiento del lugar se expresa frente a él.</translation>
    </message>
    <message>
        <source>Now click on the other end.</source>
        <translation>Ahora haga clic en el otro extremo.</translation>
    </message>
    <message>
        <source>Now the same spot in the Lugol's iodine picture.</source>
        <translation>Ahora el mismo punto en la imagen con lugol.</translation>
    </message>
    <message>
        <source>Now the same spot in the fluorescence picture.</source>
        <translation>Ahora el mismo punto en la imagen de fluorescencia.</translation>
    </message>
    <message>
        <source>Now the same spot in the green filter picture.</source>
        <translation>Ahora el mismo punto en la imagen con filtro verde.</translation>
    </message>
    <message>
        <source>Now the same spot in the white-light picture.</source>
        <translation>Ahora el mismo punto en la imagen de luz blanca.</translation>
    </message>
    <message>
        <source>Now: {language}</source>
        <translation>Ahora: {language}</translation>
    </message>
    <message>
        <source>Number</source>
        <comment>of the laboratory</comment>
        <translation>Número</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Número</translation>
    </message>
    <message>
        <source>Numbered: the places that were measured.</source>
        <translation>Con número: los lugares que se midieron.</translation>
    </message>
    <message>
        <source>Numbered: the places that were measured; dashed: tissue named as normal.</source>
        <translation>Con número: los lugares que se midieron; en línea discontinua: tejido indicado como normal.</translation>
    </message>
    <message>
        <source>O'clock</source>
        <translation>Posición horaria</translation>
    </message>
    <message>
        <source>Oct</source>
        <translation>oct</translation>
    </message>
    <message>
        <source>October</source>
        <translation>octubre</translation>
    </message>
    <message numerus="yes">
        <source>Of %n visit(s) the AI gave no grade.</source>
        <translation>
            <numerusform>En %n visita la IA no dio ningún grado.</numerusform>
            <numerusform>En %n visitas la IA no dio ningún grado.</numerusform>
        </translation>
    </message>
    <message>
        <source>Of lesion</source>
        <translation>De la lesión</translation>
    </message>
    <message>
        <source>Of the cervix</source>
        <translation>Del cuello uterino</translation>
    </message>
    <message>
        <source>Of the window and of what it prints, from the next start on.</source>
        <translation>Para la ventana y lo que imprime; se aplica en el próximo inicio.</translation>
    </message>
    <message>
        <source>Of women with a biopsy alone: sensitivity looks better than it is, specificity worse.</source>
        <translation>Solo de pacientes con biopsia: la sensibilidad parece mejor de lo que es; la especificidad, peor.</translation>
    </message>
    <message>
        <source>Off the record. Edit &gt; Undo or Redo brings it back.</source>
        <translation>Fuera del registro. Editar &gt; Deshacer o Rehacer lo recupera.</translation>
    </message>
    <message>
        <source>Offer of a tour</source>
        <translation>Oferta de un recorrido</translation>
    </message>
    <message>
        <source>Old and new model on the locked test</source>
        <translation>Modelo antiguo y nuevo en la prueba bloqueada</translation>
    </message>
    <message>
        <source>On</source>
        <comment>on which picture</comment>
        <translation>En</translation>
    </message>
    <message>
        <source>On its way to the library ...</source>
        <translation>En camino a la biblioteca ...</translation>
    </message>
    <message>
        <source>On the locked test</source>
        <translation>En la prueba bloqueada</translation>
    </message>
    <message>
        <source>On the picture of</source>
        <translation>En la imagen de</translation>
    </message>
    <message>
        <source>On the pictures</source>
        <translation>En las imágenes</translation>
    </message>
    <message>
        <source>On this computer {model} answers.</source>
        <translation>En este equipo responde {model}.</translation>
    </message>
    <message>
        <source>On {moment} the program ended without being closed. What helps to find out why can be saved as one file. It holds nothing of any patient.</source>
        <translation>El {moment} el programa terminó sin que lo cerraran. Lo que ayuda a averiguar por qué puede guardarse en un solo archivo. No contiene nada de ninguna paciente.</translation>
    </message>
    <message>
        <source>On {picture}</source>
        <translation>En {picture}</translation>
    </message>
    <message>
        <source>Once it is closed there it can be opened for writing here</source>
        <translation>Cuando se cierre allí, podrá abrirse aquí para escritura</translation>
    </message>
    <message>
        <source>Once you gave your grade. It goes on record.</source>
        <translation>Una vez que haya dado su grado. Queda registrado.</translation>
    </message>
    <message>
        <source>One camera, a lamp switched between white light and fluorescence</source>
        <translation>Una cámara y una lámpara que alterna entre luz blanca y fluorescencia</translation>
    </message>
    <message>
        <source>One camera, white light only</source>
        <translation>Una cámara, solo luz blanca</translation>
    </message>
    <message>
        <source>One can go on working meanwhile, and stop it at any time.</source>
        <translation>Mientras tanto se puede seguir trabajando, y detenerlo en cualquier momento.</translation>
    </message>
    <message>
        <source>One picture</source>
        <translation>Una imagen</translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel</source>
        <translation>Un píxel de imagen por píxel de pantalla</translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel (Z)</source>
        <translation>Un píxel de imagen por píxel de pantalla (Z)</translation>
    </message>
    <message>
        <source>One picture, to draw boxes that will be black</source>
        <translation>Una imagen, para dibujar recuadros que quedarán en negro</translation>
    </message>
    <message>
        <source>One source only: {source}</source>
        <translation>Una sola fuente: {source}</translation>
    </message>
    <message>
        <source>One source only: {source}. The other one was not given.</source>
        <translation>Una sola fuente: {source}. La otra no se proporcionó.</translation>
    </message>
    <message>
        <source>One to one</source>
        <translation>Uno a uno</translation>
    </message>
    <message>
        <source>One visit</source>
        <translation>Una visita</translation>
    </message>
    <message>
        <source>Only one picture has its seconds since acetic acid: there is nothing to play.</source>
        <translation>Solo una imagen tiene sus segundos desde el ácido acético: no hay nada que reproducir.</translation>
    </message>
    <message>
        <source>Only pairs without a label</source>
        <translation>Solo pares sin etiqueta</translation>
    </message>
    <message numerus="yes">
        <source>Only pairs without a label ({unlabelled:,} of %n visits)</source>
        <translation>
            <numerusform>Solo pares sin etiqueta ({unlabelled:,} de %n visita)</numerusform>
            <numerusform>Solo pares sin etiqueta ({unlabelled:,} de %n visitas)</numerusform>
        </translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Opacidad</translation>
    </message>
    <message>
        <source>Opacity of the fluorescence picture</source>
        <translation>Opacidad de la imagen de fluorescencia</translation>
    </message>
    <message>
        <source>Opacity of the model attention</source>
        <translation>Opacidad de la atención del modelo</translation>
    </message>
    <message>
        <source>Opacity of the {what} picture</source>
        <translation>Opacidad de la imagen: {what}</translation>
    </message>
    <message>
        <source>Open a library first</source>
        <translation>Abra primero una biblioteca</translation>
    </message>
    <message>
        <source>Open a visit on Today first</source>
        <translation>Abra primero una visita en Hoy</translation>
    </message>
    <message>
        <source>Open another library once more</source>
        <translation>Vuelva a abrir otra biblioteca</translation>
    </message>
    <message>
        <source>Open another library...</source>
        <translation>Abrir otra biblioteca...</translation>
    </message>
    <message>
        <source>Open for &amp;writing</source>
        <translation>Abrir para escri&amp;tura</translation>
    </message>
    <message>
        <source>Open for writing</source>
        <translation>Abrir para escritura</translation>
    </message>
    <message>
        <source>Open in Review:</source>
        <translation>Abierta en Revisión:</translation>
    </message>
    <message>
        <source>Open it again</source>
        <translation>Abrir de nuevo</translation>
    </message>
    <message>
        <source>Open it for writing once more</source>
        <translation>Vuelva a abrirla para escritura</translation>
    </message>
    <message>
        <source>Open the aperture or raise the light, then retake.</source>
        <translation>Abra el diafragma o aumente la luz y repita la toma.</translation>
    </message>
    <message>
        <source>Open the camera again</source>
        <translation>Abrir la cámara de nuevo</translation>
    </message>
    <message>
        <source>Open the demo library</source>
        <translation>Abrir la biblioteca de demostración</translation>
    </message>
    <message>
        <source>Open the demo library and take the tour</source>
        <translation>Abrir la biblioteca de demostración y hacer el recorrido</translation>
    </message>
    <message>
        <source>Open the demo library once more</source>
        <translation>Vuelva a abrir la biblioteca de demostración</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>Abrir la carpeta</translation>
    </message>
    <message>
        <source>Open the library in this folder</source>
        <translation>Abrir la biblioteca de esta carpeta</translation>
    </message>
    <message>
        <source>Open the other library without it</source>
        <translation>Abrir la otra biblioteca sin guardarlo</translation>
    </message>
    <message>
        <source>Open the visit on which the list stands</source>
        <translation>Abrir la visita señalada en la lista</translation>
    </message>
    <message>
        <source>Open this visit</source>
        <translation>Abrir esta visita</translation>
    </message>
    <message>
        <source>Opening the camera ...</source>
        <translation>Abriendo la cámara ...</translation>
    </message>
    <message>
        <source>Opening the library</source>
        <translation>Abriendo la biblioteca</translation>
    </message>
    <message>
        <source>Opening the library for writing</source>
        <translation>Abriendo la biblioteca para escritura</translation>
    </message>
    <message>
        <source>Opening {library}</source>
        <translation>Abriendo {library}</translation>
    </message>
    <message>
        <source>Or click on one end of a known length, then on the other; zoom in (+) to be exact.</source>
        <translation>O haga clic en un extremo de una longitud conocida y luego en el otro; acerque (+) para ser exacto.</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>Orden</translation>
    </message>
    <message>
        <source>Os</source>
        <translation>Orificio</translation>
    </message>
    <message>
        <source>Os mark</source>
        <translation>Marca del orificio externo</translation>
    </message>
    <message>
        <source>Os tool</source>
        <translation>Herramienta de orificio externo</translation>
    </message>
    <message>
        <source>Other grades are not excluded.</source>
        <translation>No se excluyen otros grados.</translation>
    </message>
    <message>
        <source>Other libraries are not backed up by this.</source>
        <translation>Con esto no se hace copia de seguridad de otras bibliotecas.</translation>
    </message>
    <message>
        <source>Other reason</source>
        <translation>Otro motivo</translation>
    </message>
    <message>
        <source>Other visits</source>
        <translation>Otras visitas</translation>
    </message>
    <message>
        <source>Other visits of this woman</source>
        <translation>Otras visitas de esta paciente</translation>
    </message>
    <message>
        <source>Others spared (specificity)</source>
        <translation>Otros descartados (especificidad)</translation>
    </message>
    <message>
        <source>Outlined: lesions as they were drawn, by number; dashed: the SCJ.</source>
        <translation>Contorneadas: lesiones tal como se dibujaron, por número; línea discontinua: la UEC.</translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades.</source>
        <translation>Más de 3 minutos desde el ácido acético: el blanqueamiento se desvanece.</translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades. Take what is missing now.</source>
        <translation>Más de 3 minutos desde el ácido acético: el blanqueamiento se desvanece. Tome ahora lo que falta.</translation>
    </message>
    <message>
        <source>PDF (*.pdf)</source>
        <translation>PDF (*.pdf)</translation>
    </message>
    <message>
        <source>Page before</source>
        <translation>Página anterior</translation>
    </message>
    <message>
        <source>Page {title}</source>
        <translation>Página {title}</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Páginas</translation>
    </message>
    <message>
        <source>Pair</source>
        <comment>of pictures</comment>
        <translation>Par</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>Par</translation>
    </message>
    <message>
        <source>Pair (internal number)</source>
        <translation>Par (número interno)</translation>
    </message>
    <message>
        <source>Pair {number:,} of {pairs:,}</source>
        <translation>Par {number:,} de {pairs:,}</translation>
    </message>
    <message>
        <source>Pairs</source>
        <translation>Pares</translation>
    </message>
    <message>
        <source>Pairs one after the other by single keys, without names and without the AI: {annotate.grade_normal} normal to {annotate.grade_cancer} cancer, {annotate.undo} takes back. {annotate.new_task} makes a task.</source>
        <translation>Pares uno tras otro con una sola tecla, sin nombres y sin la IA: de {annotate.grade_normal} normal a {annotate.grade_cancer} cáncer, {annotate.undo} deshace. {annotate.new_task} crea una tarea.</translation>
    </message>
    <message>
        <source>Pairs that differ most from each other first</source>
        <translation>Primero los pares que más difieren entre sí</translation>
    </message>
    <message>
        <source>Pairs {pairs}</source>
        <translation>Pares {pairs}</translation>
    </message>
    <message>
        <source>Pan</source>
        <comment>to move pictures</comment>
        <translation>Desplazar</translation>
    </message>
    <message>
        <source>Pan tool</source>
        <translation>Herramienta de desplazamiento</translation>
    </message>
    <message>
        <source>Parity</source>
        <translation>Paridad</translation>
    </message>
    <message>
        <source>Part &amp;pair</source>
        <translation>Separar &amp;par</translation>
    </message>
    <message>
        <source>Part of this place is overexposed: it whitened by more than this says.</source>
        <translation>Parte de este lugar está sobreexpuesta: blanqueó más de lo que aquí se indica.</translation>
    </message>
    <message>
        <source>Partial uptake: variegated, speckled</source>
        <translation>Captación parcial: abigarrada, moteada</translation>
    </message>
    <message>
        <source>Parts could not be read: {parts}.</source>
        <translation>Partes que no se pudieron leer: {parts}.</translation>
    </message>
    <message>
        <source>Parts of the clip cannot be read: {problems}.</source>
        <translation>No se pueden leer partes del clip: {problems}.</translation>
    </message>
    <message>
        <source>Parts of the whitening clip cannot be read: {problems}.</source>
        <translation>No se pueden leer partes del clip de blanqueamiento: {problems}.</translation>
    </message>
    <message>
        <source>Pass a model on</source>
        <translation>Compartir un modelo</translation>
    </message>
    <message>
        <source>Pass on...</source>
        <translation>Compartir...</translation>
    </message>
    <message>
        <source>Passing a model on</source>
        <translation>Entregando un modelo</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Contraseña</translation>
    </message>
    <message>
        <source>Pathologist</source>
        <translation>Patólogo</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Paciente</translation>
    </message>
    <message>
        <source>Patient (internal number)</source>
        <translation>Paciente (número interno)</translation>
    </message>
    <message>
        <source>Patient ID</source>
        <translation>ID de la paciente</translation>
    </message>
    <message>
        <source>Patient of this form</source>
        <translation>Paciente de este formulario</translation>
    </message>
    <message>
        <source>Patients without visits</source>
        <translation>Pacientes sin visitas</translation>
    </message>
    <message>
        <source>Patients without visits...</source>
        <translation>Pacientes sin visitas...</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pausa</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>En pausa</translation>
    </message>
    <message>
        <source>Paused. It waits until you let it go on.</source>
        <translation>En pausa. Espera hasta que usted lo deje continuar.</translation>
    </message>
    <message>
        <source>People</source>
        <translation>Personas</translation>
    </message>
    <message>
        <source>People of this library</source>
        <translation>Personas de esta biblioteca</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Imagen</translation>
    </message>
    <message>
        <source>Picture (internal number)</source>
        <translation>Imagen (número interno)</translation>
    </message>
    <message>
        <source>Picture of the sequence</source>
        <translation>Imagen de la secuencia</translation>
    </message>
    <message>
        <source>Picture of the visit before, over the live one</source>
        <translation>Imagen de la visita anterior, sobre la imagen en vivo</translation>
    </message>
    <message>
        <source>Picture {name}</source>
        <translation>Imagen {name}</translation>
    </message>
    <message>
        <source>Picture {number} cannot be shown. {message}</source>
        <translation>La imagen {number} no se puede mostrar. {message}</translation>
    </message>
    <message>
        <source>Picture {place} of {count}</source>
        <translation>Imagen {place} de {count}</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Imágenes</translation>
    </message>
    <message>
        <source>Pictures ({endings});;All files (*)</source>
        <translation>Imágenes ({endings});;Todos los archivos (*)</translation>
    </message>
    <message>
        <source>Pictures a second.</source>
        <translation>Imágenes por segundo.</translation>
    </message>
    <message>
        <source>Pictures as they were taken</source>
        <translation>Imágenes como se tomaron</translation>
    </message>
    <message>
        <source>Pictures come from the folder.</source>
        <translation>Las imágenes llegan de la carpeta.</translation>
    </message>
    <message>
        <source>Pictures for {identifier} were left out: {reason}. Look who she is, and confirm her.</source>
        <translation>Se omitieron imágenes de {identifier}: {reason}. Compruebe quién es la paciente y confírmela.</translation>
    </message>
    <message>
        <source>Pictures of earlier visits</source>
        <translation>Imágenes de visitas anteriores</translation>
    </message>
    <message>
        <source>Pictures of earlier visits of this woman</source>
        <translation>Imágenes de visitas anteriores de esta paciente</translation>
    </message>
    <message>
        <source>Pictures of {identifier} were added to her visit of {day}.</source>
        <translation>Las imágenes de {identifier} se añadieron a su visita del {day}.</translation>
    </message>
    <message>
        <source>Pictures of {identifier} will be added to her visit of {day}.</source>
        <translation>Las imágenes de {identifier} se añadirán a su visita del {day}.</translation>
    </message>
    <message>
        <source>Pictures prepared</source>
        <translation>Imágenes preparadas</translation>
    </message>
    <message>
        <source>Pictures that appear in the folder go into the visit that is open then, as they are. Nothing in the folder is moved or deleted; what lies there already is brought in by Import.</source>
        <translation>Las imágenes que aparecen en la carpeta van a la visita que esté abierta entonces, tal como son. No se mueve ni se borra nada de la carpeta; lo que ya está en ella se incorpora con Importar.</translation>
    </message>
    <message>
        <source>Pictures that wait</source>
        <translation>Imágenes en espera</translation>
    </message>
    <message>
        <source>Pictures that would go out</source>
        <translation>Imágenes que saldrían</translation>
    </message>
    <message>
        <source>Pictures themselves may still tell who somebody is, and so may a rare finding: pass it on under agreement.</source>
        <translation>Las propias imágenes pueden aún revelar quién es alguien, y también un hallazgo poco frecuente: entréguelo bajo acuerdo.</translation>
    </message>
    <message>
        <source>Pictures, videos, DICOM and zips (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)</source>
        <translation>Imágenes, videos, DICOM y archivos ZIP (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Marca</translation>
    </message>
    <message>
        <source>Pin tool</source>
        <translation>Herramienta de marca</translation>
    </message>
    <message>
        <source>Pin {letter}, {place}</source>
        <translation>Marca {letter}, {place}</translation>
    </message>
    <message>
        <source>Pins</source>
        <comment>tab</comment>
        <translation>Marcas</translation>
    </message>
    <message>
        <source>Pins and pots</source>
        <translation>Marcas y frascos</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Lugar</translation>
    </message>
    <message>
        <source>Place 4 points</source>
        <translation>Poner 4 puntos</translation>
    </message>
    <message>
        <source>Place a pin or the os at the cursor; close what is drawn</source>
        <translation>Poner una marca o el orificio externo en el cursor; cerrar lo dibujado</translation>
    </message>
    <message>
        <source>Places on record</source>
        <translation>Lugares registrados</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Plan missing.</source>
        <translation>Falta el plan.</translation>
    </message>
    <message>
        <source>Plan of examinations</source>
        <translation>Plan de las exploraciones</translation>
    </message>
    <message>
        <source>Plan of examinations ...</source>
        <translation>Plan de las exploraciones ...</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Reproducir</translation>
    </message>
    <message>
        <source>Play or pause (Space)</source>
        <translation>Reproducir o pausar (Espacio)</translation>
    </message>
    <message>
        <source>Play sequence</source>
        <translation>Reproducir secuencia</translation>
    </message>
    <message>
        <source>Play the acetic acid sequence</source>
        <translation>Reproducir la secuencia del ácido acético</translation>
    </message>
    <message>
        <source>Player</source>
        <translation>Reproductor</translation>
    </message>
    <message>
        <source>Player: not the pair that is read.</source>
        <translation>Reproductor: no es el par que se lee.</translation>
    </message>
    <message>
        <source>Player: the first picture</source>
        <translation>Reproductor: primera imagen</translation>
    </message>
    <message>
        <source>Player: the last picture</source>
        <translation>Reproductor: última imagen</translation>
    </message>
    <message>
        <source>Player: the next picture</source>
        <translation>Reproductor: imagen siguiente</translation>
    </message>
    <message>
        <source>Player: the picture before</source>
        <translation>Reproductor: imagen anterior</translation>
    </message>
    <message>
        <source>Points that are paired by hand</source>
        <translation>Puntos emparejados a mano</translation>
    </message>
    <message>
        <source>Polariser</source>
        <translation>Polarizador</translation>
    </message>
    <message>
        <source>Port of the lamp</source>
        <translation>Puerto de la lámpara</translation>
    </message>
    <message>
        <source>Positive uptake, mahogany brown; or yellow staining of a lesion of 3 or less on the other three; or iodine-negative areas beyond the margin of the transformation zone</source>
        <translation>Captación positiva, color caoba; o tinción amarilla de una lesión con 3 puntos o menos en los otros tres criterios; o áreas yodonegativas más allá del margen de la zona de transformación</translation>
    </message>
    <message>
        <source>Pot</source>
        <translation>Frasco</translation>
    </message>
    <message>
        <source>Pot of {specimen}</source>
        <translation>Frasco de {specimen}</translation>
    </message>
    <message>
        <source>Pot {pot}</source>
        <translation>Frasco {pot}</translation>
    </message>
    <message>
        <source>Pot {pot}, {result}</source>
        <translation>Frasco {pot}, {result}</translation>
    </message>
    <message>
        <source>Pot {pot}: {result}</source>
        <translation>Frasco {pot}: {result}</translation>
    </message>
    <message>
        <source>Pot {pot}: {result}, reported {day}</source>
        <translation>Frasco {pot}: {result}, informado el {day}</translation>
    </message>
    <message>
        <source>Pots of this visit</source>
        <translation>Frascos de esta visita</translation>
    </message>
    <message>
        <source>Prediction set</source>
        <translation>Conjunto de predicción</translation>
    </message>
    <message>
        <source>Prediction set ({promise})</source>
        <translation>Conjunto de predicción ({promise})</translation>
    </message>
    <message>
        <source>Pregnant</source>
        <translation>Embarazo</translation>
    </message>
    <message>
        <source>Pregnant after a hysterectomy</source>
        <translation>Embarazada tras una histerectomía</translation>
    </message>
    <message>
        <source>Pregnant and postmenopausal</source>
        <translation>Embarazada y posmenopáusica</translation>
    </message>
    <message>
        <source>Preparing pictures</source>
        <translation>Preparando imágenes</translation>
    </message>
    <message>
        <source>Preparing the sequence</source>
        <translation>Preparando la secuencia</translation>
    </message>
    <message>
        <source>Preparing the sequence ...</source>
        <translation>Preparando la secuencia ...</translation>
    </message>
    <message>
        <source>Press "Somebody else..." once more</source>
        <translation>Pulse "Otra persona..." una vez más</translation>
    </message>
    <message>
        <source>Press again to confirm {what} all the same.</source>
        <translation>Pulse de nuevo para confirmar {what} de todos modos.</translation>
    </message>
    <message>
        <source>Press again to give it to her all the same.</source>
        <translation>Pulse de nuevo para asignársela de todos modos.</translation>
    </message>
    <message>
        <source>Press again: what it has learned is removed</source>
        <translation>Pulse de nuevo: se elimina lo que ha aprendido</translation>
    </message>
    <message>
        <source>Press the keys you want.</source>
        <translation>Pulse las teclas que desee.</translation>
    </message>
    <message>
        <source>Press to place points by hand.</source>
        <translation>Pulse para poner puntos a mano.</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>Vista previa</translation>
    </message>
    <message>
        <source>Preview of the report</source>
        <translation>Vista previa del informe</translation>
    </message>
    <message>
        <source>Previous area of the page</source>
        <translation>Área anterior de la página</translation>
    </message>
    <message>
        <source>Print it, then delete the file: whoever has it can open the library.</source>
        <translation>Imprímalo y después borre el archivo: quien lo tenga puede abrir la biblioteca.</translation>
    </message>
    <message>
        <source>Print the recovery key or write it down first: it is not shown again.</source>
        <translation>Imprima o anote primero la clave de recuperación: no se vuelve a mostrar.</translation>
    </message>
    <message>
        <source>Printed name</source>
        <translation>Nombre impreso</translation>
    </message>
    <message>
        <source>Privacy screen</source>
        <translation>Pantalla de privacidad</translation>
    </message>
    <message>
        <source>Probabilities not calibrated for such pictures.</source>
        <translation>Probabilidades no calibradas para imágenes como estas.</translation>
    </message>
    <message>
        <source>Probability of each grade</source>
        <translation>Probabilidad de cada grado</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problema</translation>
    </message>
    <message>
        <source>Problem: {what}</source>
        <translation>Problema: {what}</translation>
    </message>
    <message>
        <source>Processed, for looking: {pictures}</source>
        <translation>Procesada, solo para mirar: {pictures}</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Progreso</translation>
    </message>
    <message>
        <source>Progress of preparing the sequence</source>
        <translation>Progreso de la preparación de la secuencia</translation>
    </message>
    <message>
        <source>Progress of {job}</source>
        <translation>Progreso de {job}</translation>
    </message>
    <message>
        <source>Promote the new model</source>
        <translation>Promover el nuevo modelo</translation>
    </message>
    <message>
        <source>Promote...</source>
        <translation>Promover...</translation>
    </message>
    <message>
        <source>Promoted by {name}: {meaning}.</source>
        <translation>Promovido por {name}: {meaning}.</translation>
    </message>
    <message>
        <source>Promoting ...</source>
        <translation>Promoviendo ...</translation>
    </message>
    <message>
        <source>Promoting a model</source>
        <translation>Promoviendo un modelo</translation>
    </message>
    <message>
        <source>Pseudonym</source>
        <translation>Seudónimo</translation>
    </message>
    <message>
        <source>Pseudonym to look up</source>
        <translation>Seudónimo que buscar</translation>
    </message>
    <message>
        <source>Put on record</source>
        <translation>Dejar constancia</translation>
    </message>
    <message>
        <source>Put on the stage</source>
        <translation>Poner en el visor</translation>
    </message>
    <message>
        <source>Puts up to six spots where the pictures are registered now, to be dragged right</source>
        <translation>Pone hasta seis puntos donde las imágenes están alineadas ahora, para arrastrarlos a su sitio</translation>
    </message>
    <message>
        <source>Putting it on record</source>
        <translation>Dejando constancia</translation>
    </message>
    <message>
        <source>Quadrants covered</source>
        <translation>Cuadrantes cubiertos</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Calidad</translation>
    </message>
    <message>
        <source>Quality (Q)</source>
        <translation>Calidad (Q)</translation>
    </message>
    <message>
        <source>Quality: good, limited, unusable</source>
        <translation>Calidad: buena, limitada, inutilizable</translation>
    </message>
    <message>
        <source>Quality: {quality}</source>
        <translation>Calidad: {quality}</translation>
    </message>
    <message>
        <source>Random</source>
        <translation>Aleatorio</translation>
    </message>
    <message>
        <source>Rate</source>
        <comment>of frames</comment>
        <translation>Frecuencia</translation>
    </message>
    <message>
        <source>Re&amp;view</source>
        <translation>Revi&amp;sión</translation>
    </message>
    <message>
        <source>Read</source>
        <comment>one that somebody did</comment>
        <translation>Lectura</translation>
    </message>
    <message>
        <source>Read (Enter)</source>
        <translation>Leer (Intro)</translation>
    </message>
    <message>
        <source>Read by administrators of the library.</source>
        <translation>Lo leen los administradores de la biblioteca.</translation>
    </message>
    <message>
        <source>Read by you</source>
        <translation>Leídos por usted</translation>
    </message>
    <message>
        <source>Read only, nothing can be changed here: {why}</source>
        <translation>Solo lectura, aquí no se puede cambiar nada: {why}</translation>
    </message>
    <message>
        <source>Read only: {why}.</source>
        <translation>Solo lectura: {why}.</translation>
    </message>
    <message>
        <source>Read pairs for labels</source>
        <translation>Leer pares para etiquetar</translation>
    </message>
    <message>
        <source>Read the card</source>
        <translation>Leer la ficha</translation>
    </message>
    <message>
        <source>Reader</source>
        <translation>Lector</translation>
    </message>
    <message>
        <source>Reader {number}</source>
        <translation>Lector {number}</translation>
    </message>
    <message>
        <source>Reader: the name beside your reads and signatures</source>
        <translation>Lector: el nombre junto a sus lecturas y firmas</translation>
    </message>
    <message>
        <source>Readers</source>
        <translation>Lectores</translation>
    </message>
    <message>
        <source>Readers differ</source>
        <translation>Lectores discrepan</translation>
    </message>
    <message>
        <source>Readers see the AI answer</source>
        <translation>Los lectores ven la respuesta de la IA</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>Leyendo</translation>
    </message>
    <message>
        <source>Reading ...</source>
        <translation>Leyendo ...</translation>
    </message>
    <message>
        <source>Reading the clip</source>
        <translation>Leyendo el clip</translation>
    </message>
    <message>
        <source>Reading the earlier picture</source>
        <translation>Leyendo la imagen anterior</translation>
    </message>
    <message>
        <source>Reading the labels</source>
        <translation>Leyendo las etiquetas</translation>
    </message>
    <message>
        <source>Reading the pictures</source>
        <translation>Leyendo las imágenes</translation>
    </message>
    <message>
        <source>Reading the registration</source>
        <translation>Leyendo el registro de las imágenes</translation>
    </message>
    <message>
        <source>Reading the report</source>
        <translation>Leyendo el informe</translation>
    </message>
    <message>
        <source>Reading what is on record</source>
        <translation>Leyendo lo que consta</translation>
    </message>
    <message>
        <source>Reading {file}</source>
        <translation>Leyendo {file}</translation>
    </message>
    <message>
        <source>Reads</source>
        <comment>of which pictures a model makes its answer</comment>
        <translation>Entrada</translation>
    </message>
    <message>
        <source>Reads</source>
        <translation>Lecturas</translation>
    </message>
    <message>
        <source>Reads shown to who decides</source>
        <translation>Lecturas mostradas a quien decide</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Motivo</translation>
    </message>
    <message>
        <source>Reason for iodine in spite of the allergy</source>
        <translation>Motivo para usar yodo a pesar de la alergia</translation>
    </message>
    <message>
        <source>Reason, needed to use it all the same</source>
        <translation>Motivo, necesario para usarlo de todos modos</translation>
    </message>
    <message>
        <source>Reason: {reason}</source>
        <translation>Motivo: {reason}</translation>
    </message>
    <message>
        <source>Record</source>
        <comment>a clip</comment>
        <translation>Grabar</translation>
    </message>
    <message>
        <source>Record a clip, or end it</source>
        <translation>Grabar un clip, o terminarlo</translation>
    </message>
    <message>
        <source>Recovery &amp;key</source>
        <translation>C&amp;lave de recuperación</translation>
    </message>
    <message>
        <source>Recovery key</source>
        <translation>Clave de recuperación</translation>
    </message>
    <message>
        <source>Referral</source>
        <translation>Derivación</translation>
    </message>
    <message>
        <source>Referral</source>
        <comment>tab</comment>
        <translation>Ficha</translation>
    </message>
    <message>
        <source>Referral card</source>
        <translation>Ficha de derivación</translation>
    </message>
    <message>
        <source>Referral: {answers}</source>
        <translation>Derivación: {answers}</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Rechazado</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>Región</translation>
    </message>
    <message>
        <source>Regions</source>
        <translation>Regiones</translation>
    </message>
    <message>
        <source>Register automatically again</source>
        <translation>Registrar de nuevo automáticamente</translation>
    </message>
    <message>
        <source>Register by points ...</source>
        <translation>Registrar por puntos ...</translation>
    </message>
    <message>
        <source>Registered</source>
        <translation>Alineadas</translation>
    </message>
    <message>
        <source>Registered by hand, to be looked at only: {cause}.</source>
        <translation>Imágenes alineadas a mano, solo para mirar: {cause}.</translation>
    </message>
    <message>
        <source>Registered, estimated error unknown.</source>
        <translation>Alineadas, error estimado: desconocido.</translation>
    </message>
    <message>
        <source>Registered, estimated error {error}.</source>
        <translation>Alineadas, error estimado: {error}.</translation>
    </message>
    <message>
        <source>Registering</source>
        <translation>Registrando las imágenes</translation>
    </message>
    <message>
        <source>Registering needs both pictures.</source>
        <translation>Para registrar se necesitan ambas imágenes.</translation>
    </message>
    <message>
        <source>Registering the pair</source>
        <translation>Registrando el par</translation>
    </message>
    <message>
        <source>Registers the pair by these points (Enter)</source>
        <translation>Registra el par por estos puntos (Intro)</translation>
    </message>
    <message>
        <source>Registration</source>
        <translation>Alineación de imágenes</translation>
    </message>
    <message>
        <source>Registration: not made.</source>
        <translation>Alineación de imágenes: no realizada.</translation>
    </message>
    <message>
        <source>Registration: {status}, by hand.</source>
        <translation>Alineación de imágenes: {status}, a mano.</translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px, by hand.</source>
        <translation>Alineación de imágenes: {status}, error estimado {error:.1f} px, a mano.</translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px.</source>
        <translation>Alineación de imágenes: {status}, error estimado {error:.1f} px.</translation>
    </message>
    <message>
        <source>Registration: {status}.</source>
        <translation>Alineación de imágenes: {status}.</translation>
    </message>
    <message>
        <source>Regular-shaped, symmetrical, with smooth, straight outlines</source>
        <translation>De forma regular, simétrica, con contornos lisos y rectos</translation>
    </message>
    <message>
        <source>Reid index of lesion {number}: {status}</source>
        <translation>Índice de Reid de la lesión {number}: {status}</translation>
    </message>
    <message>
        <source>Reid index: {status}</source>
        <translation>Índice de Reid: {status}</translation>
    </message>
    <message>
        <source>Remarks</source>
        <translation>Observaciones</translation>
    </message>
    <message>
        <source>Removals only</source>
        <translation>Solo eliminaciones</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Quitar</translation>
    </message>
    <message>
        <source>Remove from this visit</source>
        <translation>Quitar de esta visita</translation>
    </message>
    <message>
        <source>Remove it: press again</source>
        <translation>Quitarlo: pulse otra vez</translation>
    </message>
    <message>
        <source>Remove lesion {number}</source>
        <translation>Quitar la lesión {number}</translation>
    </message>
    <message>
        <source>Remove lesion {number} with its scores; it can be undone</source>
        <translation>Quitar la lesión {number} con sus puntuaciones; se puede deshacer</translation>
    </message>
    <message>
        <source>Remove patient</source>
        <translation>Quitar paciente</translation>
    </message>
    <message>
        <source>Remove the chosen pin, contour or line</source>
        <translation>Quitar la marca, el contorno o la línea elegidos</translation>
    </message>
    <message>
        <source>Remove the drawn outline of the cervix</source>
        <translation>Quitar el contorno dibujado del cuello uterino</translation>
    </message>
    <message>
        <source>Remove visit</source>
        <translation>Quitar visita</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>Quitar {name}</translation>
    </message>
    <message>
        <source>Removed: names, numbers, birth dates, all that was typed, who examined, AI answers, cameras, file names. Days are moved; ages stay, at most 90.</source>
        <translation>Se elimina: nombres, números, fechas de nacimiento, todo lo escrito, quién exploró, respuestas de la IA, cámaras, nombres de archivo. Los días se desplazan; las edades se conservan, hasta 90 como máximo.</translation>
    </message>
    <message>
        <source>Repairing</source>
        <translation>Reparando</translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation>Repeticiones</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Informe</translation>
    </message>
    <message>
        <source>Report</source>
        <comment>tab</comment>
        <translation>Informe</translation>
    </message>
    <message>
        <source>Report and signature</source>
        <translation>Informe y firma</translation>
    </message>
    <message>
        <source>Report has: {section}</source>
        <translation>El informe incluye: {section}</translation>
    </message>
    <message>
        <source>Reported</source>
        <translation>Fecha</translation>
    </message>
    <message>
        <source>Reported by me</source>
        <translation>Informado por mí</translation>
    </message>
    <message>
        <source>Research, without names: CSV, manifest to train</source>
        <translation>Investigación, sin nombres: CSV, manifiesto</translation>
    </message>
    <message>
        <source>Research, without names: DICOM</source>
        <translation>Investigación, sin nombres: DICOM</translation>
    </message>
    <message>
        <source>Research, without names: the same, and COCO</source>
        <translation>Investigación, sin nombres: lo mismo, y COCO</translation>
    </message>
    <message>
        <source>Responsible for this report</source>
        <translation>Responsable de este informe</translation>
    </message>
    <message>
        <source>Restoring</source>
        <translation>Restaurando</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Resultado</translation>
    </message>
    <message>
        <source>Result of pot {pot}</source>
        <translation>Resultado del frasco {pot}</translation>
    </message>
    <message>
        <source>Result of the laboratory</source>
        <translation>Resultado del laboratorio</translation>
    </message>
    <message>
        <source>Results and follow-up</source>
        <translation>Resultados y seguimiento</translation>
    </message>
    <message>
        <source>Results awaited</source>
        <translation>Resultados pendientes</translation>
    </message>
    <message>
        <source>Retake</source>
        <translation>Repetir</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, neither cut nor squeezed, or place four points by hand.</source>
        <translation>Repita ambas con el cuello uterino en el centro, sin cortarlo ni comprimirlo, o ponga cuatro puntos a mano.</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, or place four points by hand.</source>
        <translation>Repita ambas con el cuello uterino en el centro, o ponga cuatro puntos a mano.</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle.</source>
        <translation>Repita ambas con el cuello uterino en el centro.</translation>
    </message>
    <message>
        <source>Retake what was taken last</source>
        <translation>Repetir lo último que se tomó</translation>
    </message>
    <message>
        <source>Retake: {reason}</source>
        <translation>Repetir: {reason}</translation>
    </message>
    <message>
        <source>Reveal the AI answer</source>
        <translation>Revelar la respuesta de la IA</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>Revisión</translation>
    </message>
    <message>
        <source>Reviewed and confirmed by me</source>
        <translation>Revisado y confirmado por mí</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>Roles</translation>
    </message>
    <message>
        <source>Roll back to the model before</source>
        <translation>Volver al modelo anterior</translation>
    </message>
    <message>
        <source>Rolled, peeling edges; internal demarcations (central high-grade, peripheral low-grade area)</source>
        <translation>Bordes enrollados que se desprenden; demarcaciones internas (área central de alto grado, periférica de bajo grado)</translation>
    </message>
    <message>
        <source>Rolling back</source>
        <translation>Volviendo al modelo anterior</translation>
    </message>
    <message>
        <source>Roughly {low:,} to {high:,} min.</source>
        <translation>Unos {low:,} a {high:,} min.</translation>
    </message>
    <message>
        <source>Roughly {minutes:,} min.</source>
        <translation>Unos {minutes:,} min.</translation>
    </message>
    <message>
        <source>Running jobs</source>
        <translation>Trabajos en curso</translation>
    </message>
    <message>
        <source>SCJ</source>
        <translation>UEC</translation>
    </message>
    <message>
        <source>SCJ line</source>
        <translation>Línea de la UEC</translation>
    </message>
    <message>
        <source>SCJ line tool</source>
        <translation>Herramienta de línea de la UEC</translation>
    </message>
    <message>
        <source>SCJ: drag along it, or click points (Enter ends)</source>
        <translation>UEC: arrastre a lo largo de ella, o haga clic en puntos (Intro termina)</translation>
    </message>
    <message>
        <source>SHA-256 of its weights: {sum}</source>
        <translation>SHA-256 de sus pesos: {sum}</translation>
    </message>
    <message>
        <source>SHA-256 of the content</source>
        <translation>SHA-256 del contenido</translation>
    </message>
    <message>
        <source>SHA-256 of the dark frame</source>
        <translation>SHA-256 del fotograma oscuro</translation>
    </message>
    <message>
        <source>SHA-256 of the map</source>
        <translation>SHA-256 del mapa</translation>
    </message>
    <message>
        <source>SHA-256 of the model</source>
        <translation>SHA-256 del modelo</translation>
    </message>
    <message>
        <source>SHA-256 of the pixels</source>
        <translation>SHA-256 de los píxeles</translation>
    </message>
    <message>
        <source>SHA-256 of the report</source>
        <translation>SHA-256 del informe</translation>
    </message>
    <message>
        <source>Said</source>
        <comment>how sure</comment>
        <translation>Indicado</translation>
    </message>
    <message>
        <source>Said beside a grade</source>
        <translation>Indicado junto a un grado</translation>
    </message>
    <message>
        <source>Said with it</source>
        <translation>Dato registrado</translation>
    </message>
    <message>
        <source>Saline</source>
        <translation>Suero fisiológico</translation>
    </message>
    <message>
        <source>Same grade</source>
        <translation>Mismo grado</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Guardar</translation>
    </message>
    <message>
        <source>Save PDF...</source>
        <translation>Guardar PDF...</translation>
    </message>
    <message>
        <source>Save as CSV...</source>
        <translation>Guardar como CSV...</translation>
    </message>
    <message>
        <source>Save as PDF...</source>
        <translation>Guardar como PDF...</translation>
    </message>
    <message>
        <source>Save changes</source>
        <translation>Guardar cambios</translation>
    </message>
    <message>
        <source>Save report signed {day}...</source>
        <translation>Guardar informe firmado el {day}...</translation>
    </message>
    <message>
        <source>Save the labels</source>
        <translation>Guardar las etiquetas</translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation>Guardar el plan</translation>
    </message>
    <message>
        <source>Save the recovery key</source>
        <translation>Guardar la clave de recuperación</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Guardar el informe</translation>
    </message>
    <message>
        <source>Save the report as PDF ...</source>
        <translation>Guardar el informe como PDF ...</translation>
    </message>
    <message>
        <source>Save the report as it was signed</source>
        <translation>Guardar el informe tal como se firmó</translation>
    </message>
    <message>
        <source>Save the report of the import</source>
        <translation>Guardar el informe de la importación</translation>
    </message>
    <message>
        <source>Save what is shown</source>
        <translation>Guardar lo que se muestra</translation>
    </message>
    <message>
        <source>Save...</source>
        <translation>Guardar...</translation>
    </message>
    <message>
        <source>Saved as {name} in the folder {folder}</source>
        <translation>Guardado como {name} en la carpeta {folder}</translation>
    </message>
    <message>
        <source>Saved as {path}. Nobody has got it: pass it on yourself.</source>
        <translation>Guardado como {path}. No se ha enviado a nadie: entréguelo usted.</translation>
    </message>
    <message>
        <source>Saved as {where}. It names files and identifiers: keep it safe.</source>
        <translation>Guardado como {where}. Contiene nombres de archivos e identificadores: consérvelo en lugar seguro.</translation>
    </message>
    <message>
        <source>Saving the labels</source>
        <translation>Guardando las etiquetas</translation>
    </message>
    <message>
        <source>Saving the labels ...</source>
        <translation>Guardando las etiquetas ...</translation>
    </message>
    <message>
        <source>Saving the report</source>
        <translation>Guardando el informe</translation>
    </message>
    <message>
        <source>Saving the report ...</source>
        <translation>Guardando el informe ...</translation>
    </message>
    <message>
        <source>Saving the report as it was signed</source>
        <translation>Guardando el informe tal como se firmó</translation>
    </message>
    <message>
        <source>Saving {file} ...</source>
        <translation>Guardando {file} ...</translation>
    </message>
    <message>
        <source>Say first whose examination it is: choose it beside the live picture.</source>
        <translation>Indique primero de quién es la exploración: elija a la paciente junto a la imagen en vivo.</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>Escala</translation>
    </message>
    <message>
        <source>Scored</source>
        <translation>Puntuado</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Búsqueda</translation>
    </message>
    <message>
        <source>Search by name, ID, date, hour, impression or finding; Escape shows all visits.</source>
        <translation>Busque por nombre, ID, fecha, hora, impresión o hallazgo; Esc muestra todas las visitas.</translation>
    </message>
    <message>
        <source>Search name, ID or date</source>
        <translation>Buscar nombre, ID o fecha</translation>
    </message>
    <message>
        <source>Search name, ID or pot</source>
        <translation>Buscar nombre, ID o frasco</translation>
    </message>
    <message>
        <source>Search name, ID, date, hour or impression; empty: all visits</source>
        <translation>Buscar nombre, ID, fecha, hora o impresión; vacío: todas las visitas</translation>
    </message>
    <message>
        <source>Search name, ID, date, impression, finding</source>
        <translation>Buscar nombre, ID, fecha, impresión, hallazgo</translation>
    </message>
    <message>
        <source>Search the list</source>
        <translation>Buscar en la lista</translation>
    </message>
    <message>
        <source>Search to whom</source>
        <translation>Buscar a quién</translation>
    </message>
    <message>
        <source>Search visits</source>
        <translation>Buscar visitas</translation>
    </message>
    <message>
        <source>Second camera (fluorescence)</source>
        <translation>Segunda cámara (fluorescencia)</translation>
    </message>
    <message>
        <source>Second read</source>
        <translation>Segunda lectura</translation>
    </message>
    <message>
        <source>Second read, after the AI: {grade} ({who})</source>
        <translation>Segunda lectura, después de la IA: {grade} ({who})</translation>
    </message>
    <message>
        <source>Second read: {grade}, {how}, {when}</source>
        <translation>Segunda lectura: {grade}, {how}, {when}</translation>
    </message>
    <message>
        <source>Second screen for patient or student</source>
        <translation>Segunda pantalla para paciente o estudiante</translation>
    </message>
    <message>
        <source>Second screen: with pins and lines</source>
        <translation>Segunda pantalla: con marcas y líneas</translation>
    </message>
    <message>
        <source>Second screen: with the model attention</source>
        <translation>Segunda pantalla: con la atención del modelo</translation>
    </message>
    <message>
        <source>Second screen: with the name</source>
        <translation>Segunda pantalla: con el nombre</translation>
    </message>
    <message>
        <source>Seconds after acetic acid</source>
        <translation>Segundos tras el ácido acético</translation>
    </message>
    <message>
        <source>Seconds after acid</source>
        <translation>Segundos tras el ácido</translation>
    </message>
    <message>
        <source>Seconds differ: {first:.0f} s and {second:.0f} s after acetic acid</source>
        <translation>Los segundos difieren: {first:.0f} s y {second:.0f} s tras el ácido acético</translation>
    </message>
    <message>
        <source>Seconds since acetic acid</source>
        <translation>Segundos desde el ácido acético</translation>
    </message>
    <message>
        <source>Seconds since acetic acid of {name}</source>
        <translation>Segundos desde el ácido acético de {name}</translation>
    </message>
    <message>
        <source>Sections of reports</source>
        <translation>Secciones de los informes</translation>
    </message>
    <message>
        <source>Seen</source>
        <comment>of a lesion</comment>
        <translation>Visible</translation>
    </message>
    <message>
        <source>Sent to the printer.</source>
        <translation>Enviado a la impresora.</translation>
    </message>
    <message>
        <source>Sep</source>
        <translation>sep</translation>
    </message>
    <message>
        <source>September</source>
        <translation>septiembre</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>Fijar</translation>
    </message>
    <message>
        <source>Set a corner at the cursor, or a dab of the brush</source>
        <translation>Poner un vértice en el cursor, o un toque del pincel</translation>
    </message>
    <message>
        <source>Set my impression to {grade}</source>
        <translation>Fijar mi impresión en {grade}</translation>
    </message>
    <message>
        <source>Set the exposure to 1/50 or 1/60 s, as the lamp flickers, or use the colposcope's own light, then retake.</source>
        <translation>Ajuste la exposición a 1/50 o 1/60 s, pues la lámpara parpadea, o use la luz propia del colposcopio, y repita la toma.</translation>
    </message>
    <message>
        <source>Sets that hold the label</source>
        <translation>Conjuntos que contienen la etiqueta</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>Ajuste</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Ajustes</translation>
    </message>
    <message>
        <source>Share of evidence</source>
        <translation>Proporción de la evidencia</translation>
    </message>
    <message>
        <source>Share of the evidence: {shares}.</source>
        <translation>Proporción de la evidencia: {shares}.</translation>
    </message>
    <message>
        <source>Shares have their 95 % interval in brackets; of fewer than {few} visits only counts are shown.</source>
        <translation>Las proporciones llevan su intervalo del 95 % entre paréntesis; con menos de {few} visitas solo se muestran recuentos.</translation>
    </message>
    <message>
        <source>Sharp and even, difference in level (incl. cuffing)</source>
        <translation>Nítidos y regulares, con diferencia de nivel (incl. halo)</translation>
    </message>
    <message>
        <source>Sharp but irregular, jagged, geographical, satellites</source>
        <translation>Nítidos pero irregulares, dentados, geográficos, satélites</translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has pictures after Lugol's iodine. Is it hers?</source>
        <translation>La paciente es alérgica al yodo, y esta visita tiene imágenes después del lugol. ¿Es de esta paciente?</translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has the answer "no allergy". Is it hers?</source>
        <translation>La paciente es alérgica al yodo, y esta visita tiene la respuesta "sin alergia". ¿Es de esta paciente?</translation>
    </message>
    <message>
        <source>She has no other visit and goes off the record with it.</source>
        <translation>La paciente no tiene otra visita y sale del registro con ella.</translation>
    </message>
    <message>
        <source>She may have moved: take the pair again if there is time.</source>
        <translation>La paciente puede haberse movido: tome el par de nuevo si hay tiempo.</translation>
    </message>
    <message>
        <source>Shift+Enter</source>
        <comment>key</comment>
        <translation>Shift+Intro</translation>
    </message>
    <message>
        <source>Shift+arrows</source>
        <translation>Shift+flechas</translation>
    </message>
    <message>
        <source>Shortcut</source>
        <translation>Atajo</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>Atajos</translation>
    </message>
    <message>
        <source>Shorten the exposure, then retake.</source>
        <translation>Acorte la exposición y repita la toma.</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Mostrar</translation>
    </message>
    <message>
        <source>Show model attention</source>
        <translation>Mostrar la atención del modelo</translation>
    </message>
    <message>
        <source>Show or hide contours and SCJ line</source>
        <translation>Mostrar u ocultar los contornos y la línea de la UEC</translation>
    </message>
    <message>
        <source>Show or hide the cervix</source>
        <translation>Mostrar u ocultar el cuello uterino</translation>
    </message>
    <message>
        <source>Show or hide the model attention</source>
        <translation>Mostrar u ocultar la atención del modelo</translation>
    </message>
    <message>
        <source>Show or hide the pictures and visits below the stage (F8)</source>
        <translation>Mostrar u ocultar las imágenes y visitas bajo el visor (F8)</translation>
    </message>
    <message>
        <source>Show or hide the pictures of the visit</source>
        <translation>Mostrar u ocultar las imágenes de la visita</translation>
    </message>
    <message>
        <source>Show pictures ({count})</source>
        <translation>Mostrar imágenes ({count})</translation>
    </message>
    <message>
        <source>Show the audit trail</source>
        <translation>Mostrar el registro de auditoría</translation>
    </message>
    <message>
        <source>Show the whole message</source>
        <translation>Mostrar el mensaje completo</translation>
    </message>
    <message>
        <source>Show visits</source>
        <translation>Mostrar visitas</translation>
    </message>
    <message>
        <source>Show visits: {which}</source>
        <translation>Mostrar visitas: {which}</translation>
    </message>
    <message>
        <source>Show {tab}</source>
        <translation>Mostrar {tab}</translation>
    </message>
    <message>
        <source>Show: {list}</source>
        <translation>Mostrar: {list}</translation>
    </message>
    <message>
        <source>Shown on request, after the own grade</source>
        <translation>Se muestra a petición, después del grado propio</translation>
    </message>
    <message>
        <source>Shown on request, also before the grade, in tasks made so</source>
        <translation>Se muestra a petición, también antes del grado, en las tareas creadas así</translation>
    </message>
    <message>
        <source>Shows {shows}.</source>
        <translation>Muestra {shows}.</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Lado a lado</translation>
    </message>
    <message>
        <source>Side by side, blend, swipe, flicker and checkerboard are on the keys {review.side_by_side}, {review.blend}, {review.swipe}, {review.flicker} and {review.checkerboard}; the wheel zooms both. The chip says how well the pictures lie on each other.</source>
        <translation>Lado a lado, mezcla, cortina, parpadeo y tablero están en las teclas {review.side_by_side}, {review.blend}, {review.swipe}, {review.flicker} y {review.checkerboard}; la rueda amplía ambas. El indicador dice lo bien que se superponen las imágenes.</translation>
    </message>
    <message>
        <source>Side of a square</source>
        <translation>Lado de un cuadrado</translation>
    </message>
    <message>
        <source>Sides</source>
        <translation>Lados</translation>
    </message>
    <message>
        <source>Sign</source>
        <translation>Firmar</translation>
    </message>
    <message>
        <source>Sign and promote</source>
        <translation>Firmar y promover</translation>
    </message>
    <message>
        <source>Sign as {name} ({meaning})?</source>
        <translation>¿Firmar como {name} ({meaning})?</translation>
    </message>
    <message>
        <source>Sign in</source>
        <translation>Iniciar sesión</translation>
    </message>
    <message>
        <source>Sign in with the recovery key</source>
        <translation>Iniciar sesión con la clave de recuperación</translation>
    </message>
    <message>
        <source>Sign now</source>
        <translation>Firmar ahora</translation>
    </message>
    <message>
        <source>Sign out once more</source>
        <translation>Vuelva a cerrar sesión</translation>
    </message>
    <message>
        <source>Sign out without it</source>
        <translation>Cerrar sesión sin guardarlo</translation>
    </message>
    <message>
        <source>Sign this visit?</source>
        <translation>¿Firmar esta visita?</translation>
    </message>
    <message>
        <source>Sign-in</source>
        <translation>Inicio de sesión</translation>
    </message>
    <message>
        <source>Sign-ins, accounts, refusals</source>
        <translation>Inicios de sesión, cuentas, rechazos</translation>
    </message>
    <message>
        <source>Signature</source>
        <translation>Firma</translation>
    </message>
    <message>
        <source>Signed</source>
        <translation>Firmada</translation>
    </message>
    <message>
        <source>Signed at</source>
        <translation>Firmado el</translation>
    </message>
    <message>
        <source>Signed by</source>
        <translation>Firmado por</translation>
    </message>
    <message>
        <source>Signed by {name} at {when}: {meaning}</source>
        <translation>Firmado por {name}, {when}: {meaning}</translation>
    </message>
    <message>
        <source>Signed by {name}, {moment}: locked, unless the report is amended.</source>
        <translation>Firmada por {name}, {moment}: bloqueada, salvo que se enmiende el informe.</translation>
    </message>
    <message>
        <source>Signed by {name}: locked, unless the report is amended (Report).</source>
        <translation>Firmada por {name}: bloqueada, salvo que se enmiende el informe (Informe).</translation>
    </message>
    <message>
        <source>Signed by {name}: nothing can be added any more.</source>
        <translation>Firmada por {name}: ya no se puede añadir nada.</translation>
    </message>
    <message>
        <source>Signed impressions are labels too</source>
        <translation>Las impresiones firmadas también son etiquetas</translation>
    </message>
    <message>
        <source>Signed in: {who}</source>
        <translation>Sesión iniciada: {who}</translation>
    </message>
    <message>
        <source>Signing</source>
        <translation>Firmando</translation>
    </message>
    <message>
        <source>Signing in</source>
        <translation>Iniciando sesión</translation>
    </message>
    <message>
        <source>Signs (IFCPC 2011)</source>
        <translation>Signos (IFCPC 2011)</translation>
    </message>
    <message>
        <source>Simulated</source>
        <translation>Simulado</translation>
    </message>
    <message>
        <source>Simulated device: a phantom (demo library only)</source>
        <translation>Dispositivo simulado: un fantoma (solo biblioteca de demostración)</translation>
    </message>
    <message>
        <source>Simulated device: a phantom, no woman</source>
        <translation>Dispositivo simulado: un fantoma, ninguna paciente</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Tamaño</translation>
    </message>
    <message>
        <source>Skip the tour</source>
        <translation>Omitir el recorrido</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>Pincel más pequeño</translation>
    </message>
    <message>
        <source>Smoking</source>
        <translation>Tabaquismo</translation>
    </message>
    <message>
        <source>So far {scale:.4g} mm a pixel, {width:.1f} mm wide.</source>
        <translation>Hasta ahora {scale:.4g} mm por píxel, {width:.1f} mm de ancho.</translation>
    </message>
    <message>
        <source>Somebody else...</source>
        <translation>Otra persona...</translation>
    </message>
    <message>
        <source>Something is being undone; the next step can be undone when that has ended.</source>
        <translation>Se está deshaciendo algo; el siguiente paso se podrá deshacer cuando eso haya terminado.</translation>
    </message>
    <message>
        <source>Something is under way</source>
        <translation>Hay algo en curso</translation>
    </message>
    <message>
        <source>Something unexpected happened ({kind}). Everything you entered until then is saved. You can go on; if it happens again, restart the program. Details: {file}</source>
        <translation>Ocurrió algo inesperado ({kind}). Todo lo que introdujo hasta entonces está guardado. Puede continuar; si vuelve a ocurrir, reinicie el programa. Detalles: {file}</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Fuente</translation>
    </message>
    <message>
        <source>Space</source>
        <comment>key</comment>
        <translation>Espacio</translation>
    </message>
    <message>
        <source>Space ticks a visit.</source>
        <translation>Espacio marca una visita.</translation>
    </message>
    <message>
        <source>Space: the other</source>
        <translation>Espacio: la otra</translation>
    </message>
    <message>
        <source>Specimen</source>
        <translation>Muestra</translation>
    </message>
    <message>
        <source>Specimen (internal number)</source>
        <translation>Muestra (número interno)</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Velocidad</translation>
    </message>
    <message>
        <source>Stage</source>
        <comment>where the pictures are shown</comment>
        <translation>Visor</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Fase</translation>
    </message>
    <message>
        <source>Stage and time differ</source>
        <translation>Fase y tiempo difieren</translation>
    </message>
    <message numerus="yes">
        <source>Stage of %n picture(s)</source>
        <translation>
            <numerusform>Fase de %n imagen</numerusform>
            <numerusform>Fase de %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>Stage of the frame</source>
        <translation>Fase del fotograma</translation>
    </message>
    <message>
        <source>Stage of {name}</source>
        <translation>Fase de {name}</translation>
    </message>
    <message>
        <source>Stage tools</source>
        <translation>Herramientas del visor</translation>
    </message>
    <message>
        <source>Stage: the pair of pictures</source>
        <translation>Visor: el par de imágenes</translation>
    </message>
    <message>
        <source>Stages differ: one picture was taken before acetic acid, the other after</source>
        <translation>Las fases difieren: una imagen se tomó antes del ácido acético, la otra después</translation>
    </message>
    <message>
        <source>Stages differ: {now} and {earlier}</source>
        <translation>Las fases difieren: {now} y {earlier}</translation>
    </message>
    <message>
        <source>Start from</source>
        <translation>Partir de</translation>
    </message>
    <message>
        <source>Start from the map</source>
        <translation>Partir del mapa</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Estado</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>Quedarse</translation>
    </message>
    <message>
        <source>Stays hidden from who reads</source>
        <translation>Permanece oculta para quien lee</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Paso</translation>
    </message>
    <message>
        <source>Step {number}</source>
        <translation>Paso {number}</translation>
    </message>
    <message>
        <source>Steps passed over</source>
        <translation>Pasos omitidos</translation>
    </message>
    <message>
        <source>Still missing: {grades}.</source>
        <translation>Aún faltan: {grades}.</translation>
    </message>
    <message>
        <source>Still open for reading only, but the disk has free space again.</source>
        <translation>Sigue abierta solo para lectura, pero el disco vuelve a tener espacio libre.</translation>
    </message>
    <message>
        <source>Still open for reading only, but the folder can be written again.</source>
        <translation>Sigue abierta solo para lectura, pero se puede escribir de nuevo en la carpeta.</translation>
    </message>
    <message>
        <source>Still open for reading only, but the program that had the library has closed it or has ended.</source>
        <translation>Sigue abierta solo para lectura, pero el programa que tenía la biblioteca la ha cerrado o ha terminado.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Detener</translation>
    </message>
    <message>
        <source>Stop aligning</source>
        <translation>Detener la alineación</translation>
    </message>
    <message>
        <source>Stop, and keep the best so far</source>
        <translation>Detener y conservar lo mejor hasta ahora</translation>
    </message>
    <message>
        <source>Stop: nothing is learned yet</source>
        <translation>Detener: aún no se ha aprendido nada</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Detenido</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>Detenido.</translation>
    </message>
    <message>
        <source>Stopped. No task was made.</source>
        <translation>Detenido. No se creó ninguna tarea.</translation>
    </message>
    <message>
        <source>Stopped. No video was written.</source>
        <translation>Detenido. No se escribió ningún video.</translation>
    </message>
    <message>
        <source>Stopped. Nothing was brought in.</source>
        <translation>Detenido. No se importó nada.</translation>
    </message>
    <message>
        <source>Stopped. Nothing was written.</source>
        <translation>Detenido. No se escribió nada.</translation>
    </message>
    <message>
        <source>Stopped. Pictures added until then are kept.</source>
        <translation>Detenido. Las imágenes añadidas hasta entonces se conservan.</translation>
    </message>
    <message>
        <source>Stopped. The library and the backups before are unchanged.</source>
        <translation>Detenido. La biblioteca y las copias de seguridad anteriores no han cambiado.</translation>
    </message>
    <message>
        <source>Stopped. The program and the library are as they were.</source>
        <translation>Detenido. El programa y la biblioteca están como estaban.</translation>
    </message>
    <message>
        <source>Stopped. What was finished is in the library; Import goes on with the rest.</source>
        <translation>Detenido. Lo terminado está en la biblioteca; Importar continúa con el resto.</translation>
    </message>
    <message>
        <source>Stopped: nothing was undone.</source>
        <translation>Detenido: no se deshizo nada.</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Deteniendo</translation>
    </message>
    <message>
        <source>Stopping ...</source>
        <translation>Deteniendo ...</translation>
    </message>
    <message>
        <source>Stopping...</source>
        <translation>Deteniendo...</translation>
    </message>
    <message>
        <source>Stopping: what is under way is finished first</source>
        <translation>Deteniendo: antes se termina lo que está en curso</translation>
    </message>
    <message>
        <source>Strander 2005 and Bowring 2010</source>
        <translation>Strander 2005 y Bowring 2010</translation>
    </message>
    <message>
        <source>Suggest</source>
        <translation>Sugerir</translation>
    </message>
    <message>
        <source>Suggest normal tissue near the place: look whether it is</source>
        <translation>Sugerir tejido normal cerca del lugar: compruebe si lo es</translation>
    </message>
    <message>
        <source>Suspicious for invasion</source>
        <translation>Sospecha de invasión</translation>
    </message>
    <message>
        <source>Swap the two.</source>
        <translation>Intercambie las dos.</translation>
    </message>
    <message>
        <source>Swede score</source>
        <translation>Puntuación de Swede</translation>
    </message>
    <message>
        <source>Swede score ({left} of {items} items)</source>
        <translation>puntuación de Swede (faltan {left} de {items} ítems)</translation>
    </message>
    <message>
        <source>Swede score of {lesion}: {status}</source>
        <translation>Puntuación de Swede de {lesion}: {status}</translation>
    </message>
    <message>
        <source>Swede score: {status}</source>
        <translation>Puntuación de Swede: {status}</translation>
    </message>
    <message>
        <source>Swede, lesion size: {size}</source>
        <translation>Swede, tamaño de la lesión: {size}</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>Cortina</translation>
    </message>
    <message>
        <source>Switched by clinicians only.</source>
        <translation>Solo los clínicos lo activan o desactivan.</translation>
    </message>
    <message>
        <source>Switched on</source>
        <translation>Activado</translation>
    </message>
    <message>
        <source>THE CAMERA SENDS THE SAME PICTURE AGAIN AND AGAIN: unplug it and plug it in</source>
        <translation>LA CÁMARA ENVÍA LA MISMA IMAGEN UNA Y OTRA VEZ: desenchúfela y vuelva a enchufarla</translation>
    </message>
    <message>
        <source>Take a box away</source>
        <translation>Quitar un recuadro</translation>
    </message>
    <message>
        <source>Take a dark frame for fluorescence</source>
        <translation>Tomar un fotograma oscuro para la fluorescencia</translation>
    </message>
    <message>
        <source>Take a pair</source>
        <translation>Tomar un par</translation>
    </message>
    <message>
        <source>Take a white-light picture</source>
        <translation>Tomar una imagen de luz blanca</translation>
    </message>
    <message>
        <source>Take all t&amp;he same</source>
        <translation>Incluir &amp;de todos modos</translation>
    </message>
    <message>
        <source>Take back what was done last</source>
        <translation>Deshacer lo último que se hizo</translation>
    </message>
    <message>
        <source>Take from the drawing</source>
        <translation>Tomar del dibujo</translation>
    </message>
    <message>
        <source>Take into this visit</source>
        <translation>Pasar a esta visita</translation>
    </message>
    <message>
        <source>Take off the record</source>
        <translation>Quitar del registro</translation>
    </message>
    <message>
        <source>Take pair</source>
        <translation>Tomar par</translation>
    </message>
    <message>
        <source>Take picture</source>
        <translation>Tomar imagen</translation>
    </message>
    <message>
        <source>Take the impression away; it can be undone</source>
        <translation>Quitar la impresión; se puede deshacer</translation>
    </message>
    <message>
        <source>Take the last corner back</source>
        <translation>Retirar el último vértice</translation>
    </message>
    <message>
        <source>Take the last corner or lesion away</source>
        <translation>Quitar el último vértice o la última lesión</translation>
    </message>
    <message>
        <source>Take the last point away</source>
        <translation>Quitar el último punto</translation>
    </message>
    <message>
        <source>Take the swab or instrument out of the view, then retake.</source>
        <translation>Retire del campo el hisopo o el instrumento y repita la toma.</translation>
    </message>
    <message>
        <source>Take the tour (3 minutes)</source>
        <translation>Hacer el recorrido (3 minutos)</translation>
    </message>
    <message>
        <source>Take this patient off the record? She has no visit.</source>
        <translation>¿Quitar a esta paciente del registro? No tiene ninguna visita.</translation>
    </message>
    <message>
        <source>Take this visit off the record?</source>
        <translation>¿Quitar esta visita del registro?</translation>
    </message>
    <message>
        <source>Take what comes next</source>
        <translation>Tomar lo que sigue</translation>
    </message>
    <message>
        <source>Taken</source>
        <translation>Tomada</translation>
    </message>
    <message>
        <source>Taken at</source>
        <translation>Tomada el</translation>
    </message>
    <message>
        <source>Taken last</source>
        <translation>Última toma</translation>
    </message>
    <message>
        <source>Taken on {day} ({reason}); this visit is of {own_day}.</source>
        <translation>Tomada el {day} ({reason}); esta visita es del {own_day}.</translation>
    </message>
    <message>
        <source>Taken with</source>
        <translation>Tomada con</translation>
    </message>
    <message>
        <source>Takes the last point away (Backspace, Ctrl+Z)</source>
        <translation>Quita el último punto (Retroceso, Ctrl+Z)</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>Tarea</translation>
    </message>
    <message>
        <source>Task closed: {name}. {few}; opened again, it waits for them.</source>
        <translation>Tarea cerrada: {name}. {few}; si se reabre, los espera.</translation>
    </message>
    <message>
        <source>Task made: {task}.</source>
        <translation>Tarea creada: {task}.</translation>
    </message>
    <message>
        <source>Task opened again: {name}.</source>
        <translation>Tarea reabierta: {name}.</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Tareas</translation>
    </message>
    <message>
        <source>Template of reports</source>
        <translation>Plantilla de informes</translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation>Texto (*.txt)</translation>
    </message>
    <message>
        <source>Text fields and lists</source>
        <translation>Campos de texto y listas</translation>
    </message>
    <message numerus="yes">
        <source>That %n examination(s) began</source>
        <translation>
            <numerusform>El comienzo de %n exploración</numerusform>
            <numerusform>El comienzo de %n exploraciones</numerusform>
        </translation>
    </message>
    <message>
        <source>That it was asked goes on record</source>
        <translation>Queda registrado que se consultó</translation>
    </message>
    <message>
        <source>That nothing is drawn does not mean that nothing is there.</source>
        <translation>Que no haya nada dibujado no significa que no haya nada.</translation>
    </message>
    <message>
        <source>That you ask goes on record.</source>
        <translation>Queda registrado que usted lo consulta.</translation>
    </message>
    <message>
        <source>The AI answer (investigational)</source>
        <translation>La respuesta de la IA (en investigación)</translation>
    </message>
    <message>
        <source>The AI answer is investigational, not for diagnosis.</source>
        <translation>La respuesta de la IA está en investigación: no apta para diagnóstico.</translation>
    </message>
    <message>
        <source>The AI answer may be shown before the grade is given</source>
        <translation>La respuesta de la IA puede mostrarse antes de dar el grado</translation>
    </message>
    <message>
        <source>The AI answer was not revealed in this visit, so it does not stand here.</source>
        <translation>La respuesta de la IA no se reveló en esta visita, por lo que no figura aquí.</translation>
    </message>
    <message>
        <source>The AI answer was revealed in this visit, but it is not available now and not in this report.</source>
        <translation>La respuesta de la IA se reveló en esta visita, pero ahora no está disponible y no está en este informe.</translation>
    </message>
    <message>
        <source>The AI answer was shown without a first read.</source>
        <translation>La respuesta de la IA se mostró sin una primera lectura.</translation>
    </message>
    <message>
        <source>The AI was revealed on other pictures of this visit: a second read may be about those.</source>
        <translation>La IA se reveló sobre otras imágenes de esta visita: una segunda lectura puede referirse a ellas.</translation>
    </message>
    <message>
        <source>The AI was revealed without a first read.</source>
        <translation>La IA se reveló sin una primera lectura.</translation>
    </message>
    <message>
        <source>The Lugol's iodine picture shows only a part of this view.</source>
        <translation>La imagen con lugol muestra solo una parte de este campo.</translation>
    </message>
    <message>
        <source>The audit trail of this library records each time this is switched on or off, and by whom. What was switched elsewhere is recorded when the library is opened.</source>
        <translation>El registro de auditoría de esta biblioteca anota cada vez que esto se activa o desactiva, y quién lo hace. Lo que se cambió en otro lugar se registra al abrir la biblioteca.</translation>
    </message>
    <message>
        <source>The brightness in the middle of the window; a lower level is brighter</source>
        <translation>El brillo en el centro de la ventana; un nivel más bajo se ve más claro</translation>
    </message>
    <message>
        <source>The camera changed its resolution between the two pictures.</source>
        <translation>La cámara cambió de resolución entre las dos imágenes.</translation>
    </message>
    <message>
        <source>The camera did not take its {names} again: set it anew.</source>
        <translation>La cámara no recuperó estos ajustes: {names}. Ajústelos de nuevo.</translation>
    </message>
    <message>
        <source>The camera does not answer, however often it is opened. Unplug it, wait some seconds and plug it in again; if that does not help, restart this program.</source>
        <translation>La cámara no responde, por más veces que se abra. Desenchúfela, espere unos segundos y vuelva a enchufarla; si eso no ayuda, reinicie este programa.</translation>
    </message>
    <message>
        <source>The camera gave one picture twice: look at lamp and filter, then take the pair again.</source>
        <translation>La cámara dio dos veces la misma imagen: revise la lámpara y el filtro y tome el par de nuevo.</translation>
    </message>
    <message>
        <source>The camera gives no pictures since {silent:.0f} s.</source>
        <translation>La cámara no da imágenes desde hace {silent:.0f} s.</translation>
    </message>
    <message>
        <source>The camera gives no pictures.</source>
        <translation>La cámara no da imágenes.</translation>
    </message>
    <message>
        <source>The camera gives pictures.</source>
        <translation>La cámara da imágenes.</translation>
    </message>
    <message>
        <source>The camera is being opened.</source>
        <translation>Se está abriendo la cámara.</translation>
    </message>
    <message>
        <source>The camera is off.</source>
        <translation>La cámara está apagada.</translation>
    </message>
    <message>
        <source>The card of a model is in English.</source>
        <translation>La ficha de un modelo está en inglés.</translation>
    </message>
    <message>
        <source>The card of this model cannot be shown.</source>
        <translation>No se puede mostrar la ficha de este modelo.</translation>
    </message>
    <message>
        <source>The catalogue of {language} is missing or damaged, so English is spoken. Install the program again.</source>
        <translation>El catálogo de {language} falta o está dañado, por eso se usa el inglés. Instale de nuevo el programa.</translation>
    </message>
    <message>
        <source>The cervix is drawn already. To draw it anew, press C and draw around it in one stroke.</source>
        <translation>El cuello uterino ya está dibujado. Para dibujarlo de nuevo, pulse C y rodéelo de un solo trazo.</translation>
    </message>
    <message>
        <source>The cervix was not drawn on these pictures. To draw it, press C and draw around it in one stroke.</source>
        <translation>El cuello uterino no se dibujó en estas imágenes. Para dibujarlo, pulse C y rodéelo de un solo trazo.</translation>
    </message>
    <message>
        <source>The cervix was not found in one piece. To draw it, press C and draw around it in one stroke.</source>
        <translation>El cuello uterino no se encontró en una sola pieza. Para dibujarlo, pulse C y rodéelo de un solo trazo.</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>La comprobación se detuvo.</translation>
    </message>
    <message>
        <source>The check was stopped; nothing is known of the trail.</source>
        <translation>La comprobación se detuvo; no se sabe nada del registro de auditoría.</translation>
    </message>
    <message>
        <source>The clinician's grade: normal, low, high, cancer</source>
        <translation>El grado del clínico: normal, bajo, alto, cáncer</translation>
    </message>
    <message>
        <source>The clock is running. Press again within 3 seconds to start it anew.</source>
        <translation>El reloj está en marcha. Pulse de nuevo en menos de 3 segundos para reiniciarlo.</translation>
    </message>
    <message>
        <source>The clock of acetic acid runs. It is not on record yet, and is tried again.</source>
        <translation>El reloj del ácido acético está en marcha. Aún no ha quedado registrado y se vuelve a intentar.</translation>
    </message>
    <message>
        <source>The clock of this computer was set back by {seconds:.0f} s.</source>
        <translation>El reloj de este equipo se atrasó {seconds:.0f} s.</translation>
    </message>
    <message>
        <source>The clock of this computer was set forward by {seconds:.0f} s.</source>
        <translation>El reloj de este equipo se adelantó {seconds:.0f} s.</translation>
    </message>
    <message>
        <source>The colours are unlike the fluorescence this model knows: check filter and white balance.</source>
        <translation>Los colores no se parecen a la fluorescencia que conoce este modelo: compruebe el filtro y el balance de blancos.</translation>
    </message>
    <message>
        <source>The correction holds for all her visits.</source>
        <translation>La corrección vale para todas las visitas de la paciente.</translation>
    </message>
    <message>
        <source>The demo library is not complete. What is drawn already is kept and used next time.</source>
        <translation>La biblioteca de demostración no está completa. Lo que ya está dibujado se conserva y se usará la próxima vez.</translation>
    </message>
    <message>
        <source>The device is another one now: calibrate its own scale.</source>
        <translation>El dispositivo ahora es otro: calibre su propia escala.</translation>
    </message>
    <message>
        <source>The earlier picture is being laid anew</source>
        <translation>La imagen anterior se está superponiendo de nuevo</translation>
    </message>
    <message>
        <source>The earlier picture is being laid on this visit's.</source>
        <translation>La imagen anterior se está superponiendo a la de esta visita.</translation>
    </message>
    <message>
        <source>The earlier picture is laid over the live one, and there is none at present.</source>
        <translation>La imagen anterior se superpone a la imagen en vivo, y ahora no hay ninguna.</translation>
    </message>
    <message>
        <source>The earlier visit is no longer on record as one of this woman's: it is not shown any more.</source>
        <translation>La visita anterior ya no figura en el registro como de esta paciente: no se muestra más.</translation>
    </message>
    <message>
        <source>The engine is not done yet.</source>
        <translation>El motor aún no ha terminado.</translation>
    </message>
    <message>
        <source>The engine is reading the pair ...</source>
        <translation>El motor está leyendo el par ...</translation>
    </message>
    <message>
        <source>The error is not known: spread the spots, the others lie on one line.</source>
        <translation>El error no se conoce: separe los puntos, los demás están en una línea.</translation>
    </message>
    <message>
        <source>The examination</source>
        <translation>La exploración</translation>
    </message>
    <message>
        <source>The examination goes on. That it began is not on record yet, and is tried again.</source>
        <translation>La exploración continúa. Su comienzo aún no ha quedado registrado y se vuelve a intentar.</translation>
    </message>
    <message>
        <source>The examiner of the visit is recorded as {reader}.</source>
        <translation>Quien exploró en la visita consta como {reader}.</translation>
    </message>
    <message>
        <source>The examiner on record is another person: {name}.</source>
        <translation>En el registro consta que exploró otra persona: {name}.</translation>
    </message>
    <message>
        <source>The export was cancelled. What was written until then was removed. Once the first file was written, it is on record that the export was begun and cancelled.</source>
        <translation>La exportación se canceló. Lo que se había escrito hasta entonces se eliminó. Una vez escrito el primer archivo, queda registrado que la exportación se inició y se canceló.</translation>
    </message>
    <message>
        <source>The export was stopped. No file was written.</source>
        <translation>La exportación se detuvo. No se escribió ningún archivo.</translation>
    </message>
    <message>
        <source>The fifth reason</source>
        <translation>El quinto motivo</translation>
    </message>
    <message>
        <source>The file's name says {name}.</source>
        <translation>El nombre del archivo dice {name}.</translation>
    </message>
    <message>
        <source>The file's own record says {name}, born {day}.</source>
        <translation>Los datos del propio archivo dicen {name}, nacida el {day}.</translation>
    </message>
    <message>
        <source>The file's own record says {name}.</source>
        <translation>Los datos del propio archivo dicen {name}.</translation>
    </message>
    <message>
        <source>The findings were entered by another person: {name}.</source>
        <translation>Los hallazgos los introdujo otra persona: {name}.</translation>
    </message>
    <message>
        <source>The first account is yours: clinician and administrator. There is no other way in but passwords and the recovery key, which is shown once after this. Without any of them the pictures are lost for good.</source>
        <translation>La primera cuenta es la suya: clínico y administrador. No hay otra forma de entrar que las contraseñas y la clave de recuperación, que se muestra una sola vez después de esto. Sin ninguna de ellas, las imágenes se pierden para siempre.</translation>
    </message>
    <message>
        <source>The first {shown} of {all:,}.</source>
        <translation>Los primeros {shown} de {all:,}.</translation>
    </message>
    <message>
        <source>The first, all others are laid on it</source>
        <translation>La primera; todas las demás se alinean con ella</translation>
    </message>
    <message>
        <source>The fluorescence picture is being laid anew</source>
        <translation>La imagen de fluorescencia se está superponiendo de nuevo</translation>
    </message>
    <message>
        <source>The fluorescence picture shows only a part of this view.</source>
        <translation>La imagen de fluorescencia muestra solo una parte de este campo.</translation>
    </message>
    <message>
        <source>The folder {path} cannot be reached ({why}). Waiting for it.</source>
        <translation>No se puede acceder a la carpeta {path} ({why}). Se la espera.</translation>
    </message>
    <message>
        <source>The frame is in the visit.</source>
        <translation>El fotograma está en la visita.</translation>
    </message>
    <message>
        <source>The green filter picture shows only a part of this view.</source>
        <translation>La imagen de filtro verde muestra solo una parte de este campo.</translation>
    </message>
    <message numerus="yes">
        <source>The highest Swede score counts: %n lesion(s) to be scored.</source>
        <translation>
            <numerusform>Cuenta la puntuación de Swede más alta: falta puntuar %n lesión.</numerusform>
            <numerusform>Cuenta la puntuación de Swede más alta: falta puntuar %n lesiones.</numerusform>
        </translation>
    </message>
    <message>
        <source>The highest Swede score counts: {status}.</source>
        <translation>Cuenta la puntuación de Swede más alta: {status}.</translation>
    </message>
    <message>
        <source>The identity was corrected after this signature: see the top of the report.</source>
        <translation>La identidad se corrigió después de esta firma: vea el principio del informe.</translation>
    </message>
    <message>
        <source>The import is not done. Its plan is kept: Import pictures in Today shows it again.</source>
        <translation>La importación no ha terminado. Su plan se conserva: Importar imágenes, en Hoy, lo muestra de nuevo.</translation>
    </message>
    <message>
        <source>The impression was changed after the last read that stands here, by a version of this program that did not record this as a second read. The impression is what was said last.</source>
        <translation>La impresión se cambió después de la última lectura que figura aquí, con una versión de este programa que no lo registró como segunda lectura. La impresión es lo último que se dijo.</translation>
    </message>
    <message>
        <source>The installer itself is then run by who may install programs on this computer.</source>
        <translation>Después, quien pueda instalar programas en este ordenador ejecuta el instalador.</translation>
    </message>
    <message>
        <source>The journal keeps the signing as {name}.</source>
        <translation>El registro de auditoría conserva la firma como {name}.</translation>
    </message>
    <message>
        <source>The key is the one with this fingerprint: {fingerprint}.</source>
        <translation>La clave es la que tiene esta huella: {fingerprint}.</translation>
    </message>
    <message>
        <source>The keys are those of the pages of a library: they can be shown once one is open.</source>
        <translation>Las teclas son las de las páginas de una biblioteca: se pueden mostrar cuando haya una abierta.</translation>
    </message>
    <message>
        <source>The letter of {day} does not count: a result was entered after it, on {entered}.</source>
        <translation>La carta del {day} no cuenta: después, el {entered}, se introdujo un resultado.</translation>
    </message>
    <message>
        <source>The library is backed up first, into {folder}.</source>
        <translation>Antes se hace una copia de seguridad de la biblioteca en {folder}.</translation>
    </message>
    <message>
        <source>The library is not open</source>
        <translation>La biblioteca no está abierta</translation>
    </message>
    <message>
        <source>The library was not opened. Nothing was changed.</source>
        <translation>La biblioteca no se abrió. No se cambió nada.</translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or milder has {together:.2f}.</source>
        <translation>El grado individual más probable es {likeliest} ({share:.2f}). El grado es {grade}, la mediana: {grade} o más leve suma {together:.2f}.</translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or worse has {together:.2f}.</source>
        <translation>El grado individual más probable es {likeliest} ({share:.2f}). El grado es {grade}, la mediana: {grade} o más grave suma {together:.2f}.</translation>
    </message>
    <message>
        <source>The list is still the one from before.</source>
        <translation>La lista sigue siendo la de antes.</translation>
    </message>
    <message>
        <source>The list of pseudonyms is kept in the library, encrypted with it. Nothing of it is in the export.</source>
        <translation>La lista de seudónimos se guarda en la biblioteca, cifrada con ella. Nada de ella está en la exportación.</translation>
    </message>
    <message>
        <source>The locked test has not been looked at yet. Each look is counted and on record.</source>
        <translation>La prueba bloqueada aún no se ha mirado. Cada consulta se cuenta y queda registrada.</translation>
    </message>
    <message numerus="yes">
        <source>The locked test was looked at %n time(s). Each look is counted and on record: whoever chooses among models by it wears it out.</source>
        <translation>
            <numerusform>La prueba bloqueada se ha mirado %n vez. Cada consulta se cuenta y queda registrada: quien elige entre modelos con ella la desgasta.</numerusform>
            <numerusform>La prueba bloqueada se ha mirado %n veces. Cada consulta se cuenta y queda registrada: quien elige entre modelos con ella la desgasta.</numerusform>
        </translation>
    </message>
    <message>
        <source>The manifest says {identifier} for pictures in {folders}: look that it is so.</source>
        <translation>El manifiesto dice {identifier} para imágenes de {folders}: compruebe que es así.</translation>
    </message>
    <message>
        <source>The map of whitening cannot be read: have the library checked in Settings.</source>
        <translation>El mapa de blanqueamiento no se puede leer: haga comprobar la biblioteca en Ajustes.</translation>
    </message>
    <message>
        <source>The model is asked ...</source>
        <translation>Se está consultando el modelo ...</translation>
    </message>
    <message>
        <source>The model reads pairs of these sources, and refuses others</source>
        <translation>El modelo lee pares de estas fuentes y rechaza otros</translation>
    </message>
    <message>
        <source>The moment of this mark has passed: its picture stays. W takes another one.</source>
        <translation>El momento de esta marca ha pasado: su imagen se queda. W toma otra.</translation>
    </message>
    <message>
        <source>The name, written beside your reads and signatures.</source>
        <translation>El nombre, escrito junto a sus lecturas y firmas.</translation>
    </message>
    <message>
        <source>The network follows a preprint (PConvFusionModel) that was not peer reviewed. The shipped model is a {model}: its figures on phantoms say nothing about its performance on women.</source>
        <translation>La red sigue un artículo preliminar (preprint), PConvFusionModel, que no fue revisado por pares. El modelo que se entrega es un {model}: sus cifras en fantomas no dicen nada de su rendimiento en pacientes.</translation>
    </message>
    <message>
        <source>The new folder {folder}</source>
        <translation>La carpeta nueva {folder}</translation>
    </message>
    <message>
        <source>The new password again</source>
        <translation>La contraseña nueva otra vez</translation>
    </message>
    <message>
        <source>The new version brings a library from version {old} to {new} when it opens it, and keeps a copy of its database.</source>
        <translation>La nueva versión pasa una biblioteca de la versión {old} a la {new} al abrirla, y conserva una copia de su base de datos.</translation>
    </message>
    <message>
        <source>The next backup writes it anew</source>
        <translation>La próxima copia de seguridad lo escribe de nuevo</translation>
    </message>
    <message>
        <source>The next picture</source>
        <translation>La imagen siguiente</translation>
    </message>
    <message>
        <source>The next picture (full stop)</source>
        <translation>La imagen siguiente (punto)</translation>
    </message>
    <message>
        <source>The os is marked already. To move it, press O and click where it is.</source>
        <translation>El orificio externo ya está marcado. Para moverlo, pulse O y haga clic donde está.</translation>
    </message>
    <message>
        <source>The os is marked on one picture, the cervix drawn on the other, and the pair is not registered</source>
        <translation>El orificio externo está marcado en una imagen y el cuello uterino dibujado en la otra, y el par no está alineado</translation>
    </message>
    <message>
        <source>The os is marked on the other picture, and the pair is not registered</source>
        <translation>El orificio externo está marcado en la otra imagen, y el par no está alineado</translation>
    </message>
    <message>
        <source>The os is not marked</source>
        <translation>El orificio externo no está marcado</translation>
    </message>
    <message>
        <source>The os is still being looked for.</source>
        <translation>Aún se está buscando el orificio externo.</translation>
    </message>
    <message>
        <source>The os lies outside the outline of the cervix</source>
        <translation>El orificio externo está fuera del contorno del cuello uterino</translation>
    </message>
    <message>
        <source>The os was not looked for.</source>
        <translation>El orificio externo no se buscó.</translation>
    </message>
    <message>
        <source>The outline of the cervix is not drawn</source>
        <translation>El contorno del cuello uterino no está dibujado</translation>
    </message>
    <message>
        <source>The pair as it was (Esc)</source>
        <translation>El par como estaba (Esc)</translation>
    </message>
    <message>
        <source>The pair before</source>
        <translation>El par anterior</translation>
    </message>
    <message>
        <source>The pair is being registered.</source>
        <translation>El par se está alineando.</translation>
    </message>
    <message>
        <source>The pair was not registered again.</source>
        <translation>El par no se registró de nuevo.</translation>
    </message>
    <message>
        <source>The pair {problem}.</source>
        <translation>El par {problem}.</translation>
    </message>
    <message>
        <source>The picture before</source>
        <translation>La imagen anterior</translation>
    </message>
    <message>
        <source>The picture before (comma)</source>
        <translation>La imagen anterior (coma)</translation>
    </message>
    <message>
        <source>The picture could not be taken; the error is in the log. Take it again.</source>
        <translation>No se pudo tomar la imagen; el error está en el archivo de registro (log). Tómela de nuevo.</translation>
    </message>
    <message>
        <source>The picture taken last is on its way to the library. Press again once it is there.</source>
        <translation>La última imagen tomada está en camino a la biblioteca. Pulse de nuevo cuando esté allí.</translation>
    </message>
    <message>
        <source>The pictures after acetic acid, one after the other, each on the first (F9)</source>
        <translation>Las imágenes después del ácido acético, una tras otra, cada una alineada con la primera (F9)</translation>
    </message>
    <message>
        <source>The pictures again, for others</source>
        <translation>Las imágenes otra vez, para otras personas</translation>
    </message>
    <message>
        <source>The pictures are being registered.</source>
        <translation>Las imágenes se están alineando.</translation>
    </message>
    <message>
        <source>The pictures are not registered: {reason}. They are shown side by side, each in its own frame.</source>
        <translation>Las imágenes no están alineadas: {reason}. Se muestran lado a lado, cada una en su propio encuadre.</translation>
    </message>
    <message>
        <source>The pictures are still being looked for.</source>
        <translation>Aún se están buscando las imágenes.</translation>
    </message>
    <message>
        <source>The pictures are still loading.</source>
        <translation>Las imágenes aún se están cargando.</translation>
    </message>
    <message>
        <source>The pictures come first: wait until they are shown.</source>
        <translation>Primero van las imágenes: espere hasta que se muestren.</translation>
    </message>
    <message>
        <source>The pictures could not be loaded.</source>
        <translation>No se pudieron cargar las imágenes.</translation>
    </message>
    <message>
        <source>The pictures do not settle the grade; your own read decides.</source>
        <translation>Las imágenes no deciden el grado; decide su propia lectura.</translation>
    </message>
    <message>
        <source>The plan of this site does not count: {problem}. The default plan does, until one is saved.</source>
        <translation>El plan de este centro no vale: {problem}. Vale el plan predeterminado hasta que se guarde uno.</translation>
    </message>
    <message>
        <source>The plan of this site is saved. It holds for examinations that begin from now on.</source>
        <translation>El plan de este centro está guardado. Vale para las exploraciones que empiecen a partir de ahora.</translation>
    </message>
    <message>
        <source>The plan of this site, for all who examine here. It holds for examinations that begin from now on. A step with seconds is a mark of the clock since acetic acid.</source>
        <translation>El plan de este centro, para todos los que exploran aquí. Vale para las exploraciones que empiecen a partir de ahora. Un paso con segundos es una marca del reloj desde el ácido acético.</translation>
    </message>
    <message>
        <source>The points lie on top of each other or on one line. Spread them over the cervix.</source>
        <translation>Los puntos están unos sobre otros o en una línea. Repártalos por el cuello uterino.</translation>
    </message>
    <message>
        <source>The preview is being made ...</source>
        <translation>Se está creando la vista previa ...</translation>
    </message>
    <message>
        <source>The program cannot look for words: {why}</source>
        <translation>El programa no puede buscar palabras: {why}</translation>
    </message>
    <message>
        <source>The program cannot start.</source>
        <translation>El programa no puede iniciarse.</translation>
    </message>
    <message>
        <source>The program ended without closing the library.</source>
        <translation>El programa terminó sin cerrar la biblioteca.</translation>
    </message>
    <message>
        <source>The program ended without closing the library. What was done is there, and can be undone as before.</source>
        <translation>El programa terminó sin cerrar la biblioteca. Lo que se hizo está ahí y se puede deshacer como antes.</translation>
    </message>
    <message>
        <source>The program found no words; it misses some.</source>
        <translation>El programa no encontró palabras; algunas se le escapan.</translation>
    </message>
    <message numerus="yes">
        <source>The program found words in %n picture(s); it misses some.</source>
        <translation>
            <numerusform>El programa encontró palabras en %n imagen; algunas se le escapan.</numerusform>
            <numerusform>El programa encontró palabras en %n imágenes; algunas se le escapan.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The program looks for words: %n picture(s) to go.</source>
        <translation>
            <numerusform>El programa busca palabras: falta %n imagen.</numerusform>
            <numerusform>El programa busca palabras: faltan %n imágenes.</numerusform>
        </translation>
    </message>
    <message>
        <source>The program, its backends, the computer, devices and folders, each with what to do about it; `pfm doctor` says the same. It is in English, names nothing of any patient and no folder of yours, and is sent to nobody.</source>
        <translation>El programa, sus motores de cálculo, el equipo, los dispositivos y las carpetas, cada uno con lo que hay que hacer; `pfm doctor` dice lo mismo. Está en inglés, no nombra nada de ninguna paciente ni ninguna carpeta suya, y no se envía a nadie.</translation>
    </message>
    <message>
        <source>The quality of these pictures has not been checked.</source>
        <translation>La calidad de estas imágenes no se ha comprobado.</translation>
    </message>
    <message>
        <source>The report on pot {pots} is dated before the visit: is it this woman's, and of this visit?</source>
        <translation>El informe del frasco {pots} tiene fecha anterior a la visita: ¿es de esta paciente y de esta visita?</translation>
    </message>
    <message>
        <source>The report that was signed is kept as it is. The visit can be changed then, and has to be signed anew; the new report says which one it takes the place of, and why.</source>
        <translation>El informe firmado se conserva tal como está. Después la visita se puede cambiar y hay que firmarla de nuevo; el informe nuevo dice a cuál sustituye y por qué.</translation>
    </message>
    <message>
        <source>The same password again</source>
        <translation>La misma contraseña otra vez</translation>
    </message>
    <message>
        <source>The same picture was given twice.</source>
        <translation>La misma imagen se dio dos veces.</translation>
    </message>
    <message>
        <source>The scale cannot be calibrated: {why}.</source>
        <translation>No se puede calibrar la escala: {why}.</translation>
    </message>
    <message>
        <source>The scale is in use: {scale:.4g} mm a pixel. It stands with every picture taken from now on.</source>
        <translation>La escala está en uso: {scale:.4g} mm por píxel. Figura con cada imagen que se tome a partir de ahora.</translation>
    </message>
    <message>
        <source>The scale is that of this picture: its strongest place is 1, however weak it is.</source>
        <translation>La escala es la de esta imagen: su punto más intenso es 1, por débil que sea.</translation>
    </message>
    <message>
        <source>The seconds since acetic acid are not known of any picture: there is no order in which to play them.</source>
        <translation>De ninguna imagen se conocen los segundos desde el ácido acético: no hay un orden en que reproducirlas.</translation>
    </message>
    <message>
        <source>The site's template of reports was not used: {reason}.</source>
        <translation>No se usó la plantilla de informes del centro: {reason}.</translation>
    </message>
    <message>
        <source>The sixth reason</source>
        <translation>El sexto motivo</translation>
    </message>
    <message>
        <source>The structures of the two pictures do not agree where the points put them.</source>
        <translation>Las estructuras de las dos imágenes no coinciden donde los puntos las sitúan.</translation>
    </message>
    <message>
        <source>The task has no name yet</source>
        <translation>La tarea aún no tiene nombre</translation>
    </message>
    <message>
        <source>The time left is said while it runs; stopped, no task is made.</source>
        <translation>El tiempo restante se indica mientras se ejecuta; si se detiene, no se crea ninguna tarea.</translation>
    </message>
    <message>
        <source>The time since acetic acid is right, and pictures of this examination go on by the clock as it was when it began.</source>
        <translation>El tiempo desde el ácido acético es correcto, y las imágenes de esta exploración siguen con el reloj tal como estaba cuando empezó.</translation>
    </message>
    <message>
        <source>The tour is over. Help, Take the tour shows it again.</source>
        <translation>El recorrido ha terminado. Ayuda, Hacer el recorrido lo muestra de nuevo.</translation>
    </message>
    <message>
        <source>The tour is shown on the demo library, on phantoms. The library that is open now is closed for it; File, Open another library brings it back, and the next start opens it as before.</source>
        <translation>El recorrido se muestra en la biblioteca de demostración, en fantomas. La biblioteca que está abierta ahora se cierra para ello; Archivo, Abrir otra biblioteca la recupera, y el próximo inicio la abre como antes.</translation>
    </message>
    <message>
        <source>The tour waits: this step is about {page}. Stay here as long as you like.</source>
        <translation>El recorrido espera: este paso trata de {page}. Quédese aquí el tiempo que quiera.</translation>
    </message>
    <message>
        <source>The trail does not hold (checked at {time}). Keep the library as it is, and compare it with a backup:</source>
        <translation>El registro de auditoría no es íntegro (comprobado: {time}). Conserve la biblioteca tal como está y compárela con una copia de seguridad:</translation>
    </message>
    <message numerus="yes">
        <source>The trail holds: (its|all) %n line(s) (is|are) as written, in order, and none is missing. Checked at {time}.</source>
        <translation>
            <numerusform>El registro de auditoría es íntegro: su %n línea está como se escribió, en orden, y no falta ninguna. Comprobado: {time}.</numerusform>
            <numerusform>El registro de auditoría es íntegro: todas las %n líneas están como se escribieron, en orden, y no falta ninguna. Comprobado: {time}.</numerusform>
        </translation>
    </message>
    <message>
        <source>The two are not aligned.</source>
        <translation>Las dos no están alineadas.</translation>
    </message>
    <message>
        <source>The two are not aligned: {reason}. They stand side by side, each in its own frame.</source>
        <translation>Las dos no están alineadas: {reason}. Se muestran lado a lado, cada una en su propio encuadre.</translation>
    </message>
    <message>
        <source>The two do not belong together</source>
        <translation>Las dos no se corresponden</translation>
    </message>
    <message>
        <source>The two passwords differ.</source>
        <translation>Las dos contraseñas son distintas.</translation>
    </message>
    <message>
        <source>The two pictures do not seem to belong together.</source>
        <translation>Las dos imágenes no parecen corresponderse.</translation>
    </message>
    <message>
        <source>The two pictures show too little of the same tissue.</source>
        <translation>Las dos imágenes muestran muy poco tejido en común.</translation>
    </message>
    <message>
        <source>The two stay side by side, not aligned</source>
        <translation>Las dos siguen lado a lado, sin alinear</translation>
    </message>
    <message>
        <source>The user guide is in English only.</source>
        <translation>La guía del usuario está solo en inglés.</translation>
    </message>
    <message>
        <source>The view moved between the two: hold still, and take the pair again if there is time.</source>
        <translation>El campo se movió entre las dos: no se mueva y tome el par de nuevo si hay tiempo.</translation>
    </message>
    <message>
        <source>The visit opens as soon as the library is open.</source>
        <translation>La visita se abre en cuanto la biblioteca esté abierta.</translation>
    </message>
    <message>
        <source>The visit was signed before the AI answer was revealed: it stays hidden.</source>
        <translation>La visita se firmó antes de que se revelara la respuesta de la IA: esta sigue oculta.</translation>
    </message>
    <message>
        <source>The visits are still being looked for.</source>
        <translation>Aún se están buscando las visitas.</translation>
    </message>
    <message>
        <source>The visits that I tick ({count:,} ticked)</source>
        <translation>Las visitas que yo marque ({count:,} marcadas)</translation>
    </message>
    <message>
        <source>The whitening of this place is on record.</source>
        <translation>El blanqueamiento de este lugar queda registrado.</translation>
    </message>
    <message>
        <source>The whole picture (F)</source>
        <translation>La imagen entera (F)</translation>
    </message>
    <message>
        <source>The women of the locked test are set aside for good: no model of this library ever learns from them. What is learned stays in quarantine and answers nothing until it is compared on them and promoted with a signature.</source>
        <translation>Las pacientes de la prueba bloqueada quedan apartadas para siempre: ningún modelo de esta biblioteca aprende nunca de ellas. Lo aprendido permanece en cuarentena y no responde nada hasta que se compare con ellas y se promueva con una firma.</translation>
    </message>
    <message>
        <source>The {picture}</source>
        <translation>La {picture}</translation>
    </message>
    <message>
        <source>The {source} picture is being laid anew</source>
        <translation>La imagen de {source} se está superponiendo de nuevo</translation>
    </message>
    <message>
        <source>The {source} picture was not used.</source>
        <translation>La imagen de {source} no se usó.</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Tema</translation>
    </message>
    <message>
        <source>Then: {indication}</source>
        <translation>Entonces: {indication}</translation>
    </message>
    <message>
        <source>There already</source>
        <translation>Ya estaba</translation>
    </message>
    <message>
        <source>There is a plan that was not imported yet. Throw it away, and look at what was dropped now?</source>
        <translation>Hay un plan que aún no se ha importado. ¿Descartarlo y mirar lo que se ha soltado ahora?</translation>
    </message>
    <message>
        <source>There is no AI answer for this pair.</source>
        <translation>No hay respuesta de la IA para este par.</translation>
    </message>
    <message>
        <source>There is no AI answer. {message}</source>
        <translation>No hay respuesta de la IA. {message}</translation>
    </message>
    <message>
        <source>There is no AI answer. {problem}</source>
        <translation>No hay respuesta de la IA. {problem}</translation>
    </message>
    <message>
        <source>There is no AI answer: {why}</source>
        <translation>No hay respuesta de la IA: {why}</translation>
    </message>
    <message>
        <source>There is no answer for these pictures yet.</source>
        <translation>Aún no hay respuesta para estas imágenes.</translation>
    </message>
    <message>
        <source>There is no answer to reveal.</source>
        <translation>No hay respuesta que revelar.</translation>
    </message>
    <message>
        <source>There is no earlier visit of hers with a white-light picture.</source>
        <translation>No hay ninguna visita anterior de esta paciente con una imagen de luz blanca.</translation>
    </message>
    <message>
        <source>There is no key yet: the first signed export makes it, and its fingerprint stands here then.</source>
        <translation>Aún no hay clave: la primera exportación firmada la crea, y su huella figura entonces aquí.</translation>
    </message>
    <message>
        <source>There is no picture from the camera to take.</source>
        <translation>No hay ninguna imagen de la cámara que tomar.</translation>
    </message>
    <message>
        <source>There is no picture to add. Choose a file, or drop one here.</source>
        <translation>No hay ninguna imagen que añadir. Elija un archivo o suéltelo aquí.</translation>
    </message>
    <message>
        <source>There is no preview. {message}</source>
        <translation>No hay vista previa. {message}</translation>
    </message>
    <message>
        <source>There is no registration for these pictures.</source>
        <translation>Estas imágenes no están alineadas entre sí.</translation>
    </message>
    <message>
        <source>There is no such page in the guide: {link}</source>
        <translation>No hay tal página en la guía: {link}</translation>
    </message>
    <message>
        <source>There is no {source} picture.</source>
        <translation>No hay imagen de {source}.</translation>
    </message>
    <message>
        <source>There is nothing to be seen in it: retake.</source>
        <translation>No se ve nada en ella: repita la toma.</translation>
    </message>
    <message>
        <source>These are the first {count}; the CSV has all.</source>
        <translation>Estos son los primeros {count}; el CSV los tiene todos.</translation>
    </message>
    <message>
        <source>These pictures stand elsewhere by now. Choose them again.</source>
        <translation>Estas imágenes ya están en otro lugar. Elíjalas de nuevo.</translation>
    </message>
    <message>
        <source>They stay in the folder. Import brings them in later.</source>
        <translation>Se quedan en la carpeta. Importar las incorpora más tarde.</translation>
    </message>
    <message numerus="yes">
        <source>They were taken %n minute(s) apart: use pictures that were taken together.</source>
        <translation>
            <numerusform>Se tomaron con %n minuto de diferencia: use imágenes tomadas juntas.</numerusform>
            <numerusform>Se tomaron con %n minutos de diferencia: use imágenes tomadas juntas.</numerusform>
        </translation>
    </message>
    <message>
        <source>They were taken {hours} hours apart: use pictures that were taken together.</source>
        <translation>Se tomaron con {hours} horas de diferencia: use imágenes tomadas juntas.</translation>
    </message>
    <message>
        <source>Thickness, stroma to surface</source>
        <translation>Espesor, del estroma a la superficie</translation>
    </message>
    <message>
        <source>Thin, milky</source>
        <translation>Fina, lechosa</translation>
    </message>
    <message>
        <source>This device gives no fluorescence. Leave the step out, take a white-light picture, or choose another device.</source>
        <translation>Este dispositivo no da fluorescencia. Omita el paso, tome una imagen de luz blanca o elija otro dispositivo.</translation>
    </message>
    <message>
        <source>This device takes its pictures itself: press its own button, and they come into the visit.</source>
        <translation>Este dispositivo toma él mismo sus imágenes: pulse su propio botón y entrarán en la visita.</translation>
    </message>
    <message>
        <source>This export is not recorded: the library is read-only.</source>
        <translation>Esta exportación no queda registrada: la biblioteca es de solo lectura.</translation>
    </message>
    <message>
        <source>This frame is in the visit already.</source>
        <translation>Este fotograma ya está en la visita.</translation>
    </message>
    <message>
        <source>This is no address of a camera. It begins with usb:, rtsp://, http://, genicam: or file:/.</source>
        <translation>Esto no es la dirección de una cámara. Empieza por usb:, rtsp://, http://, genicam: o file:/.</translation>
    </message>
    <message>
        <source>This is the demo library. For your own patients make a library of your own in Settings.</source>
        <translation>Esta es la biblioteca de demostración. Para sus propias pacientes, cree una biblioteca propia en Ajustes.</translation>
    </message>
    <message>
        <source>This is the demo library: do not keep real women here. Their place is a library of your own (Settings).</source>
        <translation>Esta es la biblioteca de demostración: no guarde aquí pacientes reales. Su lugar es una biblioteca propia (Ajustes).</translation>
    </message>
    <message>
        <source>This is the demonstration library: all of it is on phantoms.</source>
        <translation>Esta es la biblioteca de demostración: toda ella es en fantomas.</translation>
    </message>
    <message>
        <source>This is your second read. One that differs from the AI needs a reason.</source>
        <translation>Esta es su segunda lectura. Si difiere de la IA, necesita un motivo.</translation>
    </message>
    <message>
        <source>This key opens the library if every password is forgotten. Print it or write it down, and keep it in a safe place away from this computer. It is not shown again, and nobody can make it again; an administrator can make another.</source>
        <translation>Esta clave abre la biblioteca si se olvidan todas las contraseñas. Imprímala o anótela y guárdela en un lugar seguro, lejos de este equipo. No se muestra de nuevo y nadie puede volver a crearla; un administrador puede crear otra.</translation>
    </message>
    <message>
        <source>This leads out of the program, which opens nothing on the net: {link}</source>
        <translation>Esto lleva fuera del programa, que no abre nada en la red: {link}</translation>
    </message>
    <message>
        <source>This library is a demonstration: the woman is made up and the pictures are computer-drawn phantoms.</source>
        <translation>Esta biblioteca es una demostración: la paciente es inventada y las imágenes son fantomas generados por un programa informático.</translation>
    </message>
    <message>
        <source>This library is not encrypted and has no accounts: the name above is what stands beside your reads. For pictures of real women make an encrypted library (New library...).</source>
        <translation>Esta biblioteca no está cifrada y no tiene cuentas: el nombre de arriba es el que figura junto a sus lecturas. Para imágenes de pacientes reales, cree una biblioteca cifrada (Nueva biblioteca...).</translation>
    </message>
    <message>
        <source>This library is not encrypted: the list of pseudonyms lies readable in it, for whoever can read its folder.</source>
        <translation>Esta biblioteca no está cifrada: la lista de seudónimos está en ella, legible para quien pueda leer su carpeta.</translation>
    </message>
    <message>
        <source>This library is open already.</source>
        <translation>Esta biblioteca ya está abierta.</translation>
    </message>
    <message>
        <source>This library is open for reading only ({why}), and an export must go on record. Open it where it can be written, then export again.</source>
        <translation>Esta biblioteca está abierta solo para lectura ({why}), y una exportación debe quedar registrada. Ábrala donde se pueda escribir en ella y exporte de nuevo.</translation>
    </message>
    <message>
        <source>This library is open for reading only, and an export must go on record.</source>
        <translation>Esta biblioteca está abierta solo para lectura, y una exportación debe quedar registrada.</translation>
    </message>
    <message>
        <source>This library is open for reading only: nothing can be learned from it here.</source>
        <translation>Esta biblioteca está abierta solo para lectura: aquí no se puede aprender nada de ella.</translation>
    </message>
    <message>
        <source>This line cannot be read: it is not what was written.</source>
        <translation>Esta línea no se puede leer: no es lo que se escribió.</translation>
    </message>
    <message>
        <source>This looks like a fluorescence picture: give it as that, and of two pictures swap them.</source>
        <translation>Esto parece una imagen de fluorescencia: indíquela como tal y, si son dos imágenes, intercámbielas.</translation>
    </message>
    <message>
        <source>This looks like a white-light picture: give it as that, and of two pictures swap them.</source>
        <translation>Esto parece una imagen de luz blanca: indíquela como tal y, si son dos imágenes, intercámbielas.</translation>
    </message>
    <message>
        <source>This model cannot tell whether {sources} is like anything it learned from.</source>
        <translation>Este modelo no puede saber si {sources} se parece a algo de lo que aprendió.</translation>
    </message>
    <message>
        <source>This model has no CARD.md.</source>
        <translation>Este modelo no tiene CARD.md.</translation>
    </message>
    <message>
        <source>This moment is not in white light: nothing was frozen.</source>
        <translation>Este momento no es de luz blanca: no se congeló nada.</translation>
    </message>
    <message>
        <source>This pair cannot be shown: {why}.

Press 0 to go on without a grade, or F5 to try again.</source>
        <translation>Este par no se puede mostrar: {why}.

Pulse 0 para continuar sin grado o F5 para intentarlo de nuevo.</translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in a visit of {name} (ID {identifier}) and in %n more visit(s).</source>
        <translation>
            <numerusform>Esta imagen ya está en una visita de {name} (ID {identifier}) y en %n visita más.</numerusform>
            <numerusform>Esta imagen ya está en una visita de {name} (ID {identifier}) y en %n visitas más.</numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in a visit of {name} (ID {identifier}).</source>
        <translation>Esta imagen ya está en una visita de {name} (ID {identifier}).</translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in another visit of this woman ({day}) and in %n more visit(s).</source>
        <translation>
            <numerusform>Esta imagen ya está en otra visita de esta paciente ({day}) y en %n visita más.</numerusform>
            <numerusform>Esta imagen ya está en otra visita de esta paciente ({day}) y en %n visitas más.</numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in another visit of this woman ({day}).</source>
        <translation>Esta imagen ya está en otra visita de esta paciente ({day}).</translation>
    </message>
    <message>
        <source>This picture is already in this visit.</source>
        <translation>Esta imagen ya está en esta visita.</translation>
    </message>
    <message>
        <source>This picture is black and white: use the colour picture, or switch the camera to colour, then retake.</source>
        <translation>Esta imagen es en blanco y negro: use la imagen en color o ponga la cámara en color y repita la toma.</translation>
    </message>
    <message>
        <source>This shows no tissue: choose the picture of the cervix.</source>
        <translation>Aquí no se ve tejido: elija la imagen del cuello uterino.</translation>
    </message>
    <message>
        <source>This task is closed: open it again to decide in it</source>
        <translation>Esta tarea está cerrada: reábrala para decidir en ella</translation>
    </message>
    <message>
        <source>This visit</source>
        <translation>Esta visita</translation>
    </message>
    <message>
        <source>This visit is of {day}, not of today. Press again within 3 seconds to take pictures into it all the same, or begin a new visit of her in Today.</source>
        <translation>Esta visita es del {day}, no de hoy. Pulse de nuevo en menos de 3 segundos para tomar imágenes en ella de todos modos, o empiece una visita nueva de la paciente en Hoy.</translation>
    </message>
    <message>
        <source>This visit is signed: begin a new visit of her in Today.</source>
        <translation>Esta visita está firmada: empiece una visita nueva de la paciente en Hoy.</translation>
    </message>
    <message>
        <source>This would stop the clock of acetic acid. Undo again within 3 seconds to take it back.</source>
        <translation>Esto pararía el reloj del ácido acético. Para hacerlo, pulse Deshacer otra vez en menos de 3 segundos.</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Umbral</translation>
    </message>
    <message>
        <source>Threshold of the model attention</source>
        <translation>Umbral de la atención del modelo</translation>
    </message>
    <message>
        <source>Throw it away: press again</source>
        <translation>Descartarlo: pulse otra vez</translation>
    </message>
    <message>
        <source>Throw the old plan away</source>
        <translation>Descartar el plan antiguo</translation>
    </message>
    <message>
        <source>Throw the plan away</source>
        <translation>Descartar el plan</translation>
    </message>
    <message>
        <source>Tick that you looked at the pictures.</source>
        <translation>Marque que ha mirado las imágenes.</translation>
    </message>
    <message>
        <source>Tilt the light or dab the surface dry.</source>
        <translation>Incline la luz o seque la superficie con suaves toques.</translation>
    </message>
    <message>
        <source>Time not known</source>
        <translation>Hora no conocida</translation>
    </message>
    <message>
        <source>Time of day known</source>
        <translation>Hora del día conocida</translation>
    </message>
    <message>
        <source>Time of the visit</source>
        <translation>Hora de la visita</translation>
    </message>
    <message>
        <source>Time since acetic acid</source>
        <translation>Tiempo desde el ácido acético</translation>
    </message>
    <message>
        <source>Time: {why}</source>
        <translation>Hora: {why}</translation>
    </message>
    <message>
        <source>To Today</source>
        <translation>A Hoy</translation>
    </message>
    <message>
        <source>To be used with care: {pictures}</source>
        <translation>A usar con precaución: {pictures}</translation>
    </message>
    <message>
        <source>To discuss</source>
        <translation>Por discutir</translation>
    </message>
    <message>
        <source>To discuss (MDT)</source>
        <translation>Por discutir (MDT)</translation>
    </message>
    <message>
        <source>To end that, make a new recovery key (Settings)</source>
        <translation>Para acabar con ello, cree una nueva clave de recuperación (Ajustes)</translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People)</source>
        <translation>
            <numerusform>Para acabar con ello, establezca de nuevo esa contraseña (Ajustes, Personas)</numerusform>
            <numerusform>Para acabar con ello, establezca de nuevo esas contraseñas (Ajustes, Personas)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People), and make a new recovery key</source>
        <translation>
            <numerusform>Para acabar con ello, establezca de nuevo esa contraseña (Ajustes, Personas) y cree una nueva clave de recuperación</numerusform>
            <numerusform>Para acabar con ello, establezca de nuevo esas contraseñas (Ajustes, Personas) y cree una nueva clave de recuperación</numerusform>
        </translation>
    </message>
    <message>
        <source>To her visit of {when}.</source>
        <translation>A la visita de la paciente del {when}.</translation>
    </message>
    <message>
        <source>To mark it, press O and click where it is.</source>
        <translation>Para marcarlo, pulse O y haga clic donde está.</translation>
    </message>
    <message>
        <source>To rule a grade out a model needs {enough} women of it: {grades}.</source>
        <translation>Para descartar un grado, un modelo necesita {enough} pacientes de ese grado: {grades}.</translation>
    </message>
    <message>
        <source>To take more over, {act}.</source>
        <translation>Para tomar más datos: {act}.</translation>
    </message>
    <message>
        <source>To take more over, {first} and {second}.</source>
        <translation>Para tomar más datos: {first} y {second}.</translation>
    </message>
    <message>
        <source>To whom</source>
        <translation>A quién</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>Hoy</translation>
    </message>
    <message>
        <source>Too few corners to close: a contour takes 3 and a line 2. Move the cursor away from the last one and set the next.</source>
        <translation>Muy pocos vértices para cerrar: un contorno necesita 3 y una línea 2. Aleje el cursor del último y ponga el siguiente.</translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women with a picture of {source}.</source>
        <translation>Muy pocos casos para aprender: cada grado necesita {enough} pacientes con una imagen de {source}.</translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women.</source>
        <translation>Muy pocos casos para aprender: cada grado necesita {enough} pacientes.</translation>
    </message>
    <message>
        <source>Tool</source>
        <translation>Herramienta</translation>
    </message>
    <message>
        <source>Tool: draw</source>
        <translation>Herramienta: dibujar</translation>
    </message>
    <message>
        <source>Tool: draw, {drawing}</source>
        <translation>Herramienta: dibujar, {drawing}</translation>
    </message>
    <message>
        <source>Tour, {counter}. {title}.</source>
        <translation>Recorrido, {counter}. {title}.</translation>
    </message>
    <message>
        <source>Tour, {counter}: {title}</source>
        <translation>Recorrido, {counter}: {title}</translation>
    </message>
    <message>
        <source>Transformation zone</source>
        <translation>Zona de transformación</translation>
    </message>
    <message>
        <source>Transformation zone type 3, and the junction is completely visible</source>
        <translation>Zona de transformación tipo 3, y la unión es completamente visible</translation>
    </message>
    <message>
        <source>Transformation zone type {tz}, and the junction is not completely visible</source>
        <translation>Zona de transformación tipo {tz}, y la unión no es completamente visible</translation>
    </message>
    <message>
        <source>Treatment on record: {treatment}</source>
        <translation>Tratamiento registrado: {treatment}</translation>
    </message>
    <message>
        <source>Trunks only: a start for training, it gives no answers.</source>
        <translation>Solo troncos de red: un punto de partida para entrenar, no da respuestas.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Intentar de nuevo</translation>
    </message>
    <message>
        <source>Trying again.</source>
        <translation>Se intenta de nuevo.</translation>
    </message>
    <message>
        <source>Two cameras: white light and fluorescence</source>
        <translation>Dos cámaras: luz blanca y fluorescencia</translation>
    </message>
    <message>
        <source>Two visits are on the stage. Press Esc to go back to the pair first.</source>
        <translation>Hay dos visitas en el visor. Pulse Esc para volver primero al par.</translation>
    </message>
    <message>
        <source>Two visits beside each other</source>
        <translation>Dos visitas lado a lado</translation>
    </message>
    <message>
        <source>Type a name, a number, a date or a finding; the buttons ({today.show_all}, {today.show_today} and on) show what is to be done. Enter opens the visit, and {edit.find} comes back here from anywhere.</source>
        <translation>Escriba un nombre, un número, una fecha o un hallazgo; los botones ({today.show_all}, {today.show_today}, etc.) muestran lo que hay que hacer. Intro abre la visita, y {edit.find} vuelve aquí desde cualquier lugar.</translation>
    </message>
    <message>
        <source>Unassigned visit</source>
        <translation>Visita sin asignar</translation>
    </message>
    <message>
        <source>Unassigned: nobody has said yet who the woman is. This is a preview; assign the visit to a patient to sign it.</source>
        <translation>Sin asignar: nadie ha dicho aún quién es la paciente. Esto es una vista previa; asigne la visita a una paciente para firmarla.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Deshacer</translation>
    </message>
    <message>
        <source>Undo last</source>
        <translation>Deshacer lo último</translation>
    </message>
    <message>
        <source>Undo takes it back.</source>
        <translation>Deshacer lo revierte.</translation>
    </message>
    <message>
        <source>Undoing</source>
        <translation>Deshaciendo</translation>
    </message>
    <message>
        <source>Undoing: {step}</source>
        <translation>Deshaciendo: {step}</translation>
    </message>
    <message>
        <source>Undone: {step}</source>
        <translation>Deshecho: {step}</translation>
    </message>
    <message>
        <source>Unlike anything the model learned from: {pictures}.</source>
        <translation>Distinto de todo lo que el modelo aprendió: {pictures}.</translation>
    </message>
    <message>
        <source>Unlike pictures change at most 3 times a second.</source>
        <translation>Las imágenes distintas cambian como máximo 3 veces por segundo.</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>Desbloquear</translation>
    </message>
    <message>
        <source>Unpacking the new version</source>
        <translation>Desempaquetando la nueva versión</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>Dudoso</translation>
    </message>
    <message>
        <source>Until</source>
        <translation>Hasta</translation>
    </message>
    <message>
        <source>Until this day, which is included</source>
        <translation>Hasta este día, inclusive</translation>
    </message>
    <message>
        <source>Unusable</source>
        <translation>Inutilizable</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>Subir</translation>
    </message>
    <message>
        <source>Up, Down, Page Up, Page Down</source>
        <translation>Arriba, Abajo, Re Pág, Av Pág</translation>
    </message>
    <message>
        <source>Update file</source>
        <translation>Archivo de actualización</translation>
    </message>
    <message>
        <source>Update files (*.pfm-update)</source>
        <translation>Archivos de actualización (*.pfm-update)</translation>
    </message>
    <message>
        <source>Use a picture of at least 1000 pixels a side.</source>
        <translation>Use una imagen de al menos 1000 píxeles por lado.</translation>
    </message>
    <message>
        <source>Use iodine all the same</source>
        <translation>Usar yodo de todos modos</translation>
    </message>
    <message>
        <source>Use the recovery key...</source>
        <translation>Usar la clave de recuperación...</translation>
    </message>
    <message>
        <source>Use these keys</source>
        <translation>Usar estas teclas</translation>
    </message>
    <message>
        <source>Use this device</source>
        <translation>Usar este dispositivo</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>Usar este modelo</translation>
    </message>
    <message>
        <source>Use this scale</source>
        <translation>Usar esta escala</translation>
    </message>
    <message>
        <source>User guide</source>
        <translation>Guía del usuario</translation>
    </message>
    <message>
        <source>Vagina</source>
        <translation>Vagina</translation>
    </message>
    <message>
        <source>Vagina and treatment</source>
        <translation>Vagina y tratamiento</translation>
    </message>
    <message>
        <source>Vagina inadequate for</source>
        <translation>Vagina inadecuada por</translation>
    </message>
    <message>
        <source>Vagina, grade 1 (minor)</source>
        <translation>Vagina, grado 1 (menor)</translation>
    </message>
    <message>
        <source>Vagina, grade 2 (major)</source>
        <translation>Vagina, grado 2 (mayor)</translation>
    </message>
    <message>
        <source>Vagina, miscellaneous</source>
        <translation>Vagina, miscelánea</translation>
    </message>
    <message>
        <source>Vagina, non-specific</source>
        <translation>Vagina, no específico</translation>
    </message>
    <message>
        <source>Vagina, normal</source>
        <translation>Vagina, normal</translation>
    </message>
    <message>
        <source>Vagina, suspicious for invasion</source>
        <translation>Vagina, sospecha de invasión</translation>
    </message>
    <message>
        <source>Vagina, where</source>
        <translation>Vagina, dónde</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Valor</translation>
    </message>
    <message>
        <source>Version {version} is checked and ready, and the library is backed up. Close the program; then who may install programs on this computer runs:

{command}

SHA-256 of the file: {sha256}</source>
        <translation>La versión {version} está comprobada y lista, y la biblioteca tiene su copia de seguridad. Cierre el programa; después, quien pueda instalar programas en este ordenador ejecuta:

{command}

SHA-256 del archivo: {sha256}</translation>
    </message>
    <message>
        <source>Version {version} is installed, and the library is backed up. Close the program now, and start it from {link}. Version {old} stays in {folder}.</source>
        <translation>La versión {version} está instalada y la biblioteca tiene su copia de seguridad. Cierre el programa ahora e inícielo desde {link}. La versión {old} se conserva en {folder}.</translation>
    </message>
    <message>
        <source>Version {version}, {size} MB, whole. Signed by {publisher} (key {key}) on {day}; it may be installed until {until}.</source>
        <translation>Versión {version}, {size} MB, íntegra. Firmada por {publisher} (clave {key}) el {day}; puede instalarse hasta el {until}.</translation>
    </message>
    <message>
        <source>Vessels</source>
        <translation>Vasos</translation>
    </message>
    <message>
        <source>Visit</source>
        <translation>Visita</translation>
    </message>
    <message>
        <source>Visit &amp;time...</source>
        <translation>&amp;Hora de la visita...</translation>
    </message>
    <message>
        <source>Visit (internal number)</source>
        <translation>Visita (número interno)</translation>
    </message>
    <message>
        <source>Visit of {day}, impression {grade}.</source>
        <translation>Visita del {day}, impresión {grade}.</translation>
    </message>
    <message>
        <source>Visit of {day}, no impression.</source>
        <translation>Visita del {day}, sin impresión.</translation>
    </message>
    <message>
        <source>Visit of {when}</source>
        <translation>Visita: {when}</translation>
    </message>
    <message>
        <source>Visit of {when} ({why})</source>
        <translation>Visita: {when} ({why})</translation>
    </message>
    <message>
        <source>Visit time</source>
        <translation>Hora de la visita</translation>
    </message>
    <message>
        <source>Visit {number} of {all}</source>
        <translation>Visita {number} de {all}</translation>
    </message>
    <message>
        <source>Visits</source>
        <translation>Visitas</translation>
    </message>
    <message>
        <source>Visits (internal numbers)</source>
        <translation>Visitas (números internos)</translation>
    </message>
    <message>
        <source>Visits that {reader} read and of which the laboratory gave a grade. Only you see them here: nobody is ranked.</source>
        <translation>Visitas con lectura de {reader} y de las que el laboratorio dio un grado. Solo usted las ve aquí: no se clasifica a nadie.</translation>
    </message>
    <message>
        <source>Visits to tick</source>
        <translation>Visitas para marcar</translation>
    </message>
    <message>
        <source>W takes a white-light picture.</source>
        <translation>W toma una imagen de luz blanca.</translation>
    </message>
    <message>
        <source>WAOCP series</source>
        <translation>Serie WAOCP</translation>
    </message>
    <message>
        <source>WARNING:</source>
        <translation>ADVERTENCIA:</translation>
    </message>
    <message>
        <source>Wait {left:.0f} s</source>
        <translation>Espere {left:.0f} s</translation>
    </message>
    <message>
        <source>Waiting for pictures in {folder}</source>
        <translation>Esperando imágenes en {folder}</translation>
    </message>
    <message>
        <source>Waits for</source>
        <translation>Espera</translation>
    </message>
    <message>
        <source>Waits for you</source>
        <translation>Le espera</translation>
    </message>
    <message>
        <source>Waits for you: set or confirm what is not known or unsure.</source>
        <translation>Le espera: indique o confirme lo que no se conoce o es dudoso.</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Advertencia</translation>
    </message>
    <message>
        <source>Weeks pregnant</source>
        <translation>Semanas de embarazo</translation>
    </message>
    <message>
        <source>Well-defined coarse punctation or mosaic, sharply demarcated, randomly and widely placed</source>
        <translation>Punteado o mosaico grueso bien definido, de límites nítidos, con distribución aleatoria y amplia</translation>
    </message>
    <message>
        <source>What</source>
        <comment>kind of record</comment>
        <translation>Qué</translation>
    </message>
    <message>
        <source>What</source>
        <comment>kind of specimen</comment>
        <translation>Muestra</translation>
    </message>
    <message>
        <source>What a complete score is taken for, beside it in Findings. Sources differ. None says that a biopsy is not needed.</source>
        <translation>Cómo se interpreta una puntuación completa; aparece junto a ella en Hallazgos. Las fuentes difieren. Ninguna dice que no haga falta una biopsia.</translation>
    </message>
    <message>
        <source>What became of it</source>
        <translation>Qué pasó con él</translation>
    </message>
    <message>
        <source>What became of the files</source>
        <translation>Qué pasó con los archivos</translation>
    </message>
    <message>
        <source>What becomes of it</source>
        <translation>Qué pasa con ella</translation>
    </message>
    <message>
        <source>What came back belonged to another visit or pair and was thrown away. Try again.</source>
        <translation>Lo que llegó pertenecía a otra visita o a otro par y se descartó. Inténtelo de nuevo.</translation>
    </message>
    <message>
        <source>What comes out</source>
        <translation>Qué se obtiene</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Qué ocurrió</translation>
    </message>
    <message>
        <source>What is known of a run of the program that did not end as it should, for whoever helps you. All that is in the file is shown here: no names, no numbers of patients, no pictures, and of files only those of the program. It stays on this computer until you save it and pass it on.</source>
        <translation>Lo que se sabe de una ejecución del programa que no terminó como debía, para quien le ayude. Aquí se muestra todo lo que hay en el archivo: ni nombres, ni números de pacientes, ni imágenes, y de los archivos solo los del programa. Se queda en este equipo hasta que usted lo guarde y lo entregue.</translation>
    </message>
    <message>
        <source>What is known of the chosen row</source>
        <translation>Lo que se sabe de la fila elegida</translation>
    </message>
    <message>
        <source>What is signed stays: a change after it takes a reason, and this report is kept beside the new one.</source>
        <translation>Lo firmado queda: un cambio posterior requiere un motivo, y este informe se conserva junto al nuevo.</translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation>Qué está mal</translation>
    </message>
    <message>
        <source>What it made (internal numbers)</source>
        <translation>Lo que creó (números internos)</translation>
    </message>
    <message>
        <source>What readers see in their list: no woman's name</source>
        <translation>Lo que los lectores ven en su lista: ningún nombre de paciente</translation>
    </message>
    <message>
        <source>What stands above and below every report from now on, and which sections it has. Who she is, the findings, the AI answer where it was revealed, warnings and the signature always do; what is left out is said in the report.</source>
        <translation>Lo que figura arriba y abajo de cada informe a partir de ahora, y qué secciones tiene. Quién es la paciente, los hallazgos, la respuesta de la IA si se reveló, las advertencias y la firma figuran siempre; lo que se omite se dice en el informe.</translation>
    </message>
    <message>
        <source>What stands above the signature</source>
        <translation>Lo que figura encima de la firma</translation>
    </message>
    <message>
        <source>What the AI answer is not for</source>
        <translation>Para qué no debe usarse la respuesta de la IA</translation>
    </message>
    <message>
        <source>What the model says, where the site shows it</source>
        <translation>Lo que dice el modelo, donde el centro lo muestra</translation>
    </message>
    <message>
        <source>What the signature means</source>
        <translation>Qué significa la firma</translation>
    </message>
    <message>
        <source>What they do</source>
        <translation>Qué hacen</translation>
    </message>
    <message>
        <source>What took the pictures failed and was ended: {why}</source>
        <translation>Lo que recibía las imágenes falló y se terminó: {why}</translation>
    </message>
    <message>
        <source>What was done last is not on record yet. Undo takes it back once it is.</source>
        <translation>Lo último que se hizo aún no ha quedado registrado. Deshacer lo revierte cuando lo esté.</translation>
    </message>
    <message>
        <source>What was finished before is in the library.</source>
        <translation>Lo que ya había terminado está en la biblioteca.</translation>
    </message>
    <message>
        <source>What was left is kept as {file}</source>
        <translation>Lo que quedó se conserva como {file}</translation>
    </message>
    <message>
        <source>What was left out, and why</source>
        <translation>Lo que se omitió y por qué</translation>
    </message>
    <message>
        <source>What was said of pairs without a grade is not kept. Stay, or leave the task once more to throw it away.</source>
        <translation>Lo que se dijo de pares sin grado no está guardado. Quédese, o salga de la tarea otra vez para descartarlo.</translation>
    </message>
    <message>
        <source>What was typed could not be kept</source>
        <translation>Lo escrito no se pudo guardar</translation>
    </message>
    <message>
        <source>What was typed is kept now.</source>
        <translation>Lo escrito ya está guardado.</translation>
    </message>
    <message>
        <source>What will be brought in</source>
        <translation>Lo que se importará</translation>
    </message>
    <message>
        <source>What will be done</source>
        <translation>Lo que se hará</translation>
    </message>
    <message>
        <source>What you enter in Findings ({review.findings}) stands in this report; {review.save_pdf} saves it. Sign locks the visit, with your name and the time; a change afterwards takes a reason. The tour never signs.</source>
        <translation>Lo que introduce en Hallazgos ({review.findings}) figura en este informe; {review.save_pdf} lo guarda. Firmar bloquea la visita, con su nombre y la hora; un cambio posterior requiere un motivo. El recorrido nunca firma.</translation>
    </message>
    <message>
        <source>What you read</source>
        <translation>Lo que usted lee</translation>
    </message>
    <message>
        <source>What you see</source>
        <translation>Lo que usted ve</translation>
    </message>
    <message>
        <source>What your archive (PACS) calls colposcopy: exports as DICOM are written so.</source>
        <translation>Cómo llama su archivo (PACS) a la colposcopia: las exportaciones como DICOM se escriben así.</translation>
    </message>
    <message>
        <source>When</source>
        <translation>Cuándo</translation>
    </message>
    <message>
        <source>When {name} was taken</source>
        <translation>Cuándo se tomó {name}</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Dónde</translation>
    </message>
    <message>
        <source>Where a visit has neither histology nor reads: these always count before it</source>
        <translation>Donde una visita no tiene ni histología ni lecturas: estas cuentan siempre antes que ella</translation>
    </message>
    <message>
        <source>Where help is</source>
        <translation>Dónde hay ayuda</translation>
    </message>
    <message>
        <source>Where readers differ most first</source>
        <translation>Primero donde más difieren los lectores</translation>
    </message>
    <message>
        <source>Where the model is least sure first</source>
        <translation>Primero donde el modelo está menos seguro</translation>
    </message>
    <message>
        <source>Which results Today and the histology inbox call overdue, and letters with them. {source}.</source>
        <translation>A partir de cuándo Hoy y la bandeja de histología dan por atrasados los resultados y sus cartas. {source}.</translation>
    </message>
    <message>
        <source>Which run of the program</source>
        <translation>Qué ejecución del programa</translation>
    </message>
    <message>
        <source>Which visits</source>
        <translation>Qué visitas</translation>
    </message>
    <message>
        <source>White</source>
        <comment>light</comment>
        <translation>Blanca</translation>
    </message>
    <message>
        <source>White balance</source>
        <translation>Balance de blancos</translation>
    </message>
    <message>
        <source>White balance (K)</source>
        <translation>Balance de blancos (K)</translation>
    </message>
    <message>
        <source>White light</source>
        <translation>Luz blanca</translation>
    </message>
    <message>
        <source>White light through a green filter, for looking</source>
        <translation>Luz blanca a través de un filtro verde, solo para mirar</translation>
    </message>
    <message>
        <source>White light, {stage}</source>
        <translation>Luz blanca, {stage}</translation>
    </message>
    <message>
        <source>White-light picture (internal number)</source>
        <translation>Imagen de luz blanca (número interno)</translation>
    </message>
    <message>
        <source>White-light pictures can be taken; each pair tries the lamp again.</source>
        <translation>Se pueden tomar imágenes de luz blanca; cada par prueba de nuevo la lámpara.</translation>
    </message>
    <message>
        <source>Whitening</source>
        <translation>Blanqueo</translation>
    </message>
    <message>
        <source>Whitening after acetic acid, or back to the live picture</source>
        <translation>Blanqueamiento tras el ácido acético, o volver a la imagen en vivo</translation>
    </message>
    <message>
        <source>Whitening clip</source>
        <translation>Clip de blanqueamiento</translation>
    </message>
    <message>
        <source>Whitening is followed by itself once the clock of acetic acid runs. Nothing was followed in this visit yet.</source>
        <translation>El blanqueamiento se sigue solo en cuanto el reloj del ácido acético está en marcha. En esta visita aún no se ha seguido nada.</translation>
    </message>
    <message>
        <source>Whitening is not recorded yet, and is tried again; the clock of acetic acid runs.</source>
        <translation>El blanqueamiento aún no se graba y se vuelve a intentar; el reloj del ácido acético está en marcha.</translation>
    </message>
    <message>
        <source>Whitening of place {number}</source>
        <translation>Blanqueamiento del lugar {number}</translation>
    </message>
    <message>
        <source>Whitening of place {number}, against normal tissue</source>
        <translation>Blanqueamiento del lugar {number}, frente al tejido normal</translation>
    </message>
    <message>
        <source>Whitens {onset}, most dL* {peak:.1f} at {at}, {faded}; {against}.</source>
        <translation>Blanquea {onset}, máximo dL* {peak:.1f} en {at}, {faded}; {against}.</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>Quién</translation>
    </message>
    <message>
        <source>Who is</source>
        <translation>¿De quién es?</translation>
    </message>
    <message>
        <source>Who is signed in, written beside your reads and signatures.</source>
        <translation>Quién ha iniciado sesión, escrito junto a sus lecturas y firmas.</translation>
    </message>
    <message>
        <source>Who signs</source>
        <translation>Quién firma</translation>
    </message>
    <message>
        <source>Whoever can read the folder can read the pictures and all that is written beside them, names as well.</source>
        <translation>Quien pueda leer la carpeta puede leer las imágenes y todo lo que está escrito junto a ellas, también los nombres.</translation>
    </message>
    <message>
        <source>Whoever can read the folder of this library can read its pictures and names. For research only.</source>
        <translation>Quien pueda leer la carpeta de esta biblioteca puede leer sus imágenes y nombres. Solo para investigación.</translation>
    </message>
    <message>
        <source>Whole</source>
        <translation>Completo</translation>
    </message>
    <message>
        <source>Whole picture</source>
        <translation>Imagen entera</translation>
    </message>
    <message numerus="yes">
        <source>Whose %n picture(s): identifier</source>
        <translation>
            <numerusform>De quién es %n imagen: identificador</numerusform>
            <numerusform>De quién son %n imágenes: identificador</numerusform>
        </translation>
    </message>
    <message>
        <source>Whose examination</source>
        <translation>De quién es la exploración</translation>
    </message>
    <message>
        <source>Whose examination is it?</source>
        <translation>¿De quién es la exploración?</translation>
    </message>
    <message>
        <source>Whose key it is was not checked: compare the fingerprint with the one that the library shows: {fingerprint}.</source>
        <translation>No se comprobó de quién es la clave: compare la huella con la que muestra la biblioteca: {fingerprint}.</translation>
    </message>
    <message>
        <source>Whose visit is it?</source>
        <translation>¿De quién es la visita?</translation>
    </message>
    <message>
        <source>Whose: {why}</source>
        <translation>De quién: {why}</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Motivo</translation>
    </message>
    <message>
        <source>Why can it not be graded?</source>
        <translation>¿Por qué no se le puede asignar un grado?</translation>
    </message>
    <message>
        <source>Why it is moved</source>
        <translation>Por qué se mueve</translation>
    </message>
    <message>
        <source>Why it is to answer all the same</source>
        <translation>Por qué ha de responder de todos modos</translation>
    </message>
    <message>
        <source>Why the signed report is amended</source>
        <translation>Por qué se enmienda el informe firmado</translation>
    </message>
    <message>
        <source>Why, a word will do</source>
        <translation>Motivo; basta una palabra</translation>
    </message>
    <message>
        <source>Why: this goes on record for both</source>
        <translation>Motivo: queda registrado para ambas</translation>
    </message>
    <message>
        <source>Width (pixels)</source>
        <translation>Anchura (píxeles)</translation>
    </message>
    <message>
        <source>Will be brought in</source>
        <translation>Se importará</translation>
    </message>
    <message>
        <source>Window</source>
        <comment>range of brightness</comment>
        <translation>Ventana</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Ventana</translation>
    </message>
    <message>
        <source>Wipe mucus or blood off the os, then retake.</source>
        <translation>Limpie el moco o la sangre del orificio externo y repita la toma.</translation>
    </message>
    <message>
        <source>With the visit before</source>
        <translation>Con la visita anterior</translation>
    </message>
    <message>
        <source>Without an identifier it is not known whose they are, and they are left out.</source>
        <translation>Sin un identificador no se sabe de quién son, y se omiten.</translation>
    </message>
    <message>
        <source>Woman {code}</source>
        <translation>Paciente {code}</translation>
    </message>
    <message>
        <source>Women</source>
        <translation>Pacientes</translation>
    </message>
    <message>
        <source>Women on record</source>
        <translation>Pacientes registradas</translation>
    </message>
    <message>
        <source>Words</source>
        <comment>that are searched for</comment>
        <translation>Texto</translation>
    </message>
    <message>
        <source>Words</source>
        <translation>Texto</translation>
    </message>
    <message numerus="yes">
        <source>Words found and made black: %n box(es) in {pictures}.</source>
        <translation>
            <numerusform>Palabras encontradas y tapadas en negro: %n recuadro en {pictures}.</numerusform>
            <numerusform>Palabras encontradas y tapadas en negro: %n recuadros en {pictures}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Words in the line</source>
        <translation>Texto de la línea</translation>
    </message>
    <message>
        <source>Words in the picture</source>
        <translation>Palabras en la imagen</translation>
    </message>
    <message>
        <source>Words of the report, CIN 2</source>
        <translation>Texto, p. ej. CIN 2</translation>
    </message>
    <message>
        <source>Words that are found in pictures are made black.</source>
        <translation>Las palabras que se encuentran en las imágenes se tapan en negro.</translation>
    </message>
    <message>
        <source>Working out ...</source>
        <translation>Calculando ...</translation>
    </message>
    <message>
        <source>Write a note</source>
        <translation>Escribir una nota</translation>
    </message>
    <message>
        <source>Write your name to sign.</source>
        <translation>Escriba su nombre para firmar.</translation>
    </message>
    <message>
        <source>Writing</source>
        <translation>Escribiendo</translation>
    </message>
    <message>
        <source>Writing the PDF</source>
        <translation>Escribiendo el PDF</translation>
    </message>
    <message>
        <source>Writing the audit trail</source>
        <translation>Escribiendo el registro de auditoría</translation>
    </message>
    <message>
        <source>Writing the video</source>
        <translation>Escribiendo el video</translation>
    </message>
    <message>
        <source>Written to {path}: the model and its card, nothing of any patient. Tell who gets it this fingerprint of the key that signed it, {way}: {fingerprint}</source>
        <translation>Escrito en {path}: el modelo y su ficha, nada de ninguna paciente. Comunique a quien lo reciba esta huella de la clave que lo firmó, {way}: {fingerprint}</translation>
    </message>
    <message>
        <source>Written, WITH NAMES: {visits}, {files}.</source>
        <translation>Escrito, CON NOMBRES: {visits}, {files}.</translation>
    </message>
    <message>
        <source>Written, under pseudonyms: {women}, {visits}, {pictures}.</source>
        <translation>Escrito, con seudónimos: {women}, {visits}, {pictures}.</translation>
    </message>
    <message>
        <source>Written: {path}.</source>
        <translation>Escrito: {path}.</translation>
    </message>
    <message>
        <source>YES: allergic to iodine</source>
        <translation>SÍ: alérgica al yodo</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>Sí</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>Ayer</translation>
    </message>
    <message>
        <source>You</source>
        <translation>Usted</translation>
    </message>
    <message>
        <source>You can go on working meanwhile. Stopped, it keeps what is done.</source>
        <translation>Mientras tanto puede seguir trabajando. Si se detiene, conserva lo hecho.</translation>
    </message>
    <message>
        <source>You decided: {grade}, after AI. Another grade changes it.</source>
        <translation>Usted decidió: {grade}, después de la IA. Otro grado lo cambia.</translation>
    </message>
    <message>
        <source>You decided: {grade}. Another grade changes it.</source>
        <translation>Usted decidió: {grade}. Otro grado lo cambia.</translation>
    </message>
    <message>
        <source>You read it yourself: the label will say that one of those who differed decided</source>
        <translation>Lo leyó usted: la etiqueta dirá que decidió uno de los que discreparon</translation>
    </message>
    <message>
        <source>You read: {grade}, after AI. Another grade changes it.</source>
        <translation>Usted leyó: {grade}, después de la IA. Otro grado lo cambia.</translation>
    </message>
    <message>
        <source>You read: {grade}. Another grade changes it.</source>
        <translation>Usted leyó: {grade}. Otro grado lo cambia.</translation>
    </message>
    <message>
        <source>Your &amp;name</source>
        <translation>Su &amp;nombre</translation>
    </message>
    <message>
        <source>Your first read</source>
        <translation>Su primera lectura</translation>
    </message>
    <message>
        <source>Your impression in the end</source>
        <translation>Su impresión al final</translation>
    </message>
    <message>
        <source>Your name</source>
        <translation>Su nombre</translation>
    </message>
    <message>
        <source>Your own read first, then the AI</source>
        <translation>Primero su propia lectura, después la IA</translation>
    </message>
    <message>
        <source>Your password</source>
        <translation>Su contraseña</translation>
    </message>
    <message>
        <source>Your password is changed.</source>
        <translation>Su contraseña se ha cambiado.</translation>
    </message>
    <message>
        <source>Your password, to sign</source>
        <translation>Su contraseña, para firmar</translation>
    </message>
    <message>
        <source>Your read is recorded as {unnamed}.</source>
        <translation>Su lectura consta como {unnamed}.</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>Zoom</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Acercar</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Alejar</translation>
    </message>
    <message>
        <source>Zoom {zoom:.1f} x</source>
        <translation>Zoom {zoom:.1f} x</translation>
    </message>
    <message>
        <source>[ and ], Ctrl+arrows</source>
        <translation>[ y ], Ctrl+flechas</translation>
    </message>
    <message>
        <source>a DICOM photograph (VL Photographic, VL Endoscopic or Secondary Capture)</source>
        <translation>una fotografía DICOM (VL Photographic, VL Endoscopic o Secondary Capture)</translation>
    </message>
    <message>
        <source>a PNG, JPEG, TIFF, BMP, WebP or HEIC picture</source>
        <translation>una imagen PNG, JPEG, TIFF, BMP, WebP o HEIC</translation>
    </message>
    <message>
        <source>a backup with --check puts it there anew, where the library has it whole</source>
        <translation>una copia de seguridad con --check la pone allí de nuevo, si la biblioteca la tiene íntegra</translation>
    </message>
    <message>
        <source>a biopsy has a pin</source>
        <translation>una biopsia tiene una marca</translation>
    </message>
    <message>
        <source>a brace in the closing words is not closed: fields are {fields}, a brace itself is {opening} or {closing}</source>
        <translation>una llave del texto final no está cerrada: los campos son {fields}; la llave misma se escribe {opening} o {closing}</translation>
    </message>
    <message>
        <source>a case gives no number to learn from</source>
        <translation>un caso no da ningún número del que aprender</translation>
    </message>
    <message>
        <source>a contour</source>
        <translation>un contorno</translation>
    </message>
    <message>
        <source>a dark frame is made of {least} frames or more, not {frames}</source>
        <translation>un fotograma oscuro se hace con {least} fotogramas o más, no con {frames}</translation>
    </message>
    <message>
        <source>a demonstration model trained on phantoms</source>
        <translation>un modelo de demostración entrenado en fantomas</translation>
    </message>
    <message>
        <source>a device, not a file</source>
        <translation>un dispositivo, no un archivo</translation>
    </message>
    <message>
        <source>a document, not a picture</source>
        <translation>un documento, no una imagen</translation>
    </message>
    <message>
        <source>a file of the system, not of an examination</source>
        <translation>un archivo del sistema, no de una exploración</translation>
    </message>
    <message>
        <source>a frame of it is damaged</source>
        <translation>un fotograma suyo está dañado</translation>
    </message>
    <message>
        <source>a frame of it is no JPEG</source>
        <translation>un fotograma suyo no es JPEG</translation>
    </message>
    <message>
        <source>a frame of it is not of the size that it says</source>
        <translation>un fotograma suyo no tiene el tamaño que dice</translation>
    </message>
    <message>
        <source>a frame of the camera came damaged: {why}</source>
        <translation>un fotograma de la cámara llegó dañado: {why}</translation>
    </message>
    <message>
        <source>a frame of {name} came damaged</source>
        <translation>un fotograma de {name} llegó dañado</translation>
    </message>
    <message>
        <source>a frame takes far more room than it would unpacked</source>
        <translation>un fotograma ocupa mucho más espacio que descomprimido</translation>
    </message>
    <message>
        <source>a heatmap is drawn of one case at a time</source>
        <translation>el mapa de calor se dibuja de un caso cada vez</translation>
    </message>
    <message>
        <source>a hidden file</source>
        <translation>un archivo oculto</translation>
    </message>
    <message>
        <source>a kept answer cannot be read ({error})</source>
        <translation>una respuesta guardada no se puede leer ({error})</translation>
    </message>
    <message>
        <source>a lamp goes back to white light by itself {seconds:.0f} seconds after the last command</source>
        <translation>la lámpara vuelve sola a la luz blanca {seconds:.0f} segundos después de la última orden</translation>
    </message>
    <message>
        <source>a lesion of this visit is drawn on the picture</source>
        <translation>una lesión de esta visita está dibujada en la imagen</translation>
    </message>
    <message>
        <source>a library of this program, not a folder of pictures</source>
        <translation>una biblioteca de este programa, no una carpeta de imágenes</translation>
    </message>
    <message>
        <source>a library that is open for reading only is not repaired</source>
        <translation>una biblioteca abierta solo para lectura no se repara</translation>
    </message>
    <message>
        <source>a library that is open read-only is not swept</source>
        <translation>una biblioteca abierta en solo lectura no se limpia</translation>
    </message>
    <message>
        <source>a library was made in {path}, and then {problem}</source>
        <translation>se creó una biblioteca en {path}, y después {problem}</translation>
    </message>
    <message>
        <source>a line is longer than any line of an audit trail: the rest was not read</source>
        <translation>una línea es más larga que cualquier línea de un registro de auditoría: el resto no se leyó</translation>
    </message>
    <message>
        <source>a line of the manifest</source>
        <translation>una línea del manifiesto</translation>
    </message>
    <message>
        <source>a link that leads nowhere or in a circle</source>
        <translation>un enlace que no lleva a ninguna parte o va en círculo</translation>
    </message>
    <message>
        <source>a link that leads out of the folder</source>
        <translation>un enlace que lleva fuera de la carpeta</translation>
    </message>
    <message>
        <source>a link to what is looked at where it lies</source>
        <translation>un enlace a algo que se mira en su propio lugar</translation>
    </message>
    <message>
        <source>a link, not a file</source>
        <translation>un enlace, no un archivo</translation>
    </message>
    <message>
        <source>a little bright</source>
        <translation>algo clara</translation>
    </message>
    <message>
        <source>a little dark</source>
        <translation>algo oscura</translation>
    </message>
    <message>
        <source>a little soft</source>
        <translation>algo borrosa</translation>
    </message>
    <message>
        <source>a manifest names white-light and fluorescence pictures; this model reads {sources}</source>
        <translation>un manifiesto nombra imágenes de luz blanca y de fluorescencia; este modelo lee {sources}</translation>
    </message>
    <message>
        <source>a map needs frames over {least:g} seconds</source>
        <translation>un mapa necesita fotogramas a lo largo de {least:g} segundos</translation>
    </message>
    <message>
        <source>a map to start from is 3 x 3 numbers</source>
        <translation>una transformación inicial son 3 x 3 números</translation>
    </message>
    <message>
        <source>a map to start from makes the picture vanish</source>
        <translation>una transformación inicial hace desaparecer la imagen</translation>
    </message>
    <message>
        <source>a map to start from puts the middle at infinity</source>
        <translation>una transformación inicial lleva el centro al infinito</translation>
    </message>
    <message>
        <source>a model is being learned from this library</source>
        <translation>se está aprendiendo un modelo con esta biblioteca</translation>
    </message>
    <message>
        <source>a model trained on {data}</source>
        <translation>un modelo entrenado en {data}</translation>
    </message>
    <message>
        <source>a name in {where}</source>
        <translation>un nombre en {where}</translation>
    </message>
    <message>
        <source>a name that ends in {suffix}</source>
        <translation>un nombre que termina en {suffix}</translation>
    </message>
    <message>
        <source>a name without an ending</source>
        <translation>un nombre sin extensión</translation>
    </message>
    <message>
        <source>a network needs each of its sources once</source>
        <translation>una red necesita cada una de sus fuentes una vez</translation>
    </message>
    <message>
        <source>a number far too large</source>
        <translation>un número demasiado grande</translation>
    </message>
    <message>
        <source>a number in it has too many digits</source>
        <translation>un número en él tiene demasiadas cifras</translation>
    </message>
    <message>
        <source>a pair needs at least one picture</source>
        <translation>un par necesita al menos una imagen</translation>
    </message>
    <message>
        <source>a pair stands in the task twice</source>
        <translation>un par está dos veces en la tarea</translation>
    </message>
    <message>
        <source>a part of it is damaged</source>
        <translation>una parte de él está dañada</translation>
    </message>
    <message>
        <source>a part of it is missing</source>
        <translation>falta una parte de él</translation>
    </message>
    <message>
        <source>a part of this clip cannot be read: {why}</source>
        <translation>una parte de este clip no se puede leer: {why}</translation>
    </message>
    <message>
        <source>a patient needs an identifier</source>
        <translation>una paciente necesita un identificador</translation>
    </message>
    <message>
        <source>a picture</source>
        <translation>una imagen</translation>
    </message>
    <message>
        <source>a picture is missing or was altered</source>
        <translation>una imagen falta o fue alterada</translation>
    </message>
    <message>
        <source>a picture is smaller than {least} pixels</source>
        <translation>una imagen es menor de {least} píxeles</translation>
    </message>
    <message>
        <source>a picture is too narrow to be compared</source>
        <translation>una imagen es demasiado estrecha para compararla</translation>
    </message>
    <message>
        <source>a picture must be rows x columns x 3 in 8 bits, not {size} {kind}</source>
        <translation>una imagen debe ser filas x columnas x 3 en 8 bits, no {size} {kind}</translation>
    </message>
    <message>
        <source>a picture of the pair is not in the light of its camera</source>
        <translation>una imagen del par no tiene la luz de su cámara</translation>
    </message>
    <message>
        <source>a picture of the same second, whose file is missing or altered, is on record for another woman ({identifier})</source>
        <translation>una imagen del mismo segundo, cuyo archivo falta o fue alterado, está registrada para otra paciente ({identifier})</translation>
    </message>
    <message>
        <source>a picture of the sequence is no longer in this visit</source>
        <translation>una imagen de la secuencia ya no está en esta visita</translation>
    </message>
    <message>
        <source>a picture of this pair is missing or damaged, or the library cannot be read now</source>
        <translation>una imagen de este par falta o está dañada, o la biblioteca no se puede leer ahora</translation>
    </message>
    <message>
        <source>a pipe, not a file</source>
        <translation>una tubería (pipe), no un archivo</translation>
    </message>
    <message>
        <source>a plan has at most {most} steps</source>
        <translation>un plan tiene como máximo {most} pasos</translation>
    </message>
    <message>
        <source>a plan needs at least one step</source>
        <translation>un plan necesita al menos un paso</translation>
    </message>
    <message>
        <source>a point of the scale lies outside of its picture</source>
        <translation>un punto de la escala está fuera de su imagen</translation>
    </message>
    <message>
        <source>a point to be mapped is not a finite number</source>
        <translation>un punto que se ha de transformar no es un número finito</translation>
    </message>
    <message>
        <source>a publisher without a name</source>
        <translation>un editor sin nombre</translation>
    </message>
    <message>
        <source>a read says a grade, or why there is none</source>
        <translation>una lectura indica un grado, o por qué no lo hay</translation>
    </message>
    <message>
        <source>a reason has at most {most} characters</source>
        <translation>un motivo tiene como máximo {most} caracteres</translation>
    </message>
    <message>
        <source>a recovery key has {letters} in it, which none has</source>
        <translation>una clave de recuperación contiene {letters}, que ninguna tiene</translation>
    </message>
    <message>
        <source>a recovery key has {number} letters and digits, which none has</source>
        <translation>una clave de recuperación tiene {number} letras y cifras, y ninguna tiene esa longitud</translation>
    </message>
    <message>
        <source>a recovery key was shown on {day}, and nobody said that it is kept: if it is not on paper, make a new one in Settings</source>
        <translation>se mostró una clave de recuperación el {day}, y nadie dijo que esté guardada: si no está en papel, cree una nueva en Ajustes</translation>
    </message>
    <message>
        <source>a region needs at least three corners</source>
        <translation>una región necesita al menos tres vértices</translation>
    </message>
    <message>
        <source>a report as PDF holds names and cannot go into an export for research</source>
        <translation>un informe en PDF contiene nombres y no puede entrar en una exportación para investigación</translation>
    </message>
    <message>
        <source>a report has no field {field}: there are {fields}</source>
        <translation>un informe no tiene el campo {field}: existen {fields}</translation>
    </message>
    <message>
        <source>a report has no section {sections}</source>
        <translation>un informe no tiene la sección {sections}</translation>
    </message>
    <message>
        <source>a report is amended for a reason</source>
        <translation>un informe se enmienda por un motivo</translation>
    </message>
    <message>
        <source>a result is overdue after {least} to {most} days</source>
        <translation>un resultado está atrasado tras {least} a {most} días</translation>
    </message>
    <message>
        <source>a run was cut short</source>
        <translation>una ejecución se interrumpió</translation>
    </message>
    <message>
        <source>a scale needs two points</source>
        <translation>una escala necesita dos puntos</translation>
    </message>
    <message>
        <source>a second read comes after the AI was revealed</source>
        <translation>una segunda lectura viene después de revelar la IA</translation>
    </message>
    <message>
        <source>a second read that departs from the AI needs a reason</source>
        <translation>una segunda lectura que se aparta de la IA necesita un motivo</translation>
    </message>
    <message>
        <source>a sequence in it is broken</source>
        <translation>una secuencia en él está dañada</translation>
    </message>
    <message>
        <source>a signature needs a printed name and what it means</source>
        <translation>una firma necesita un nombre impreso y lo que significa</translation>
    </message>
    <message>
        <source>a socket, not a file</source>
        <translation>un socket, no un archivo</translation>
    </message>
    <message>
        <source>a structured report needs a picture, and findings or an answer about it</source>
        <translation>un informe estructurado necesita una imagen, y hallazgos o una respuesta sobre ella</translation>
    </message>
    <message>
        <source>a task needs a name of at most {most} letters</source>
        <translation>una tarea necesita un nombre de {most} letras como máximo</translation>
    </message>
    <message>
        <source>a task needs pairs, and the search found none</source>
        <translation>una tarea necesita pares, y la búsqueda no encontró ninguno</translation>
    </message>
    <message>
        <source>a video could not be written to {folder}</source>
        <translation>no se pudo escribir un video en {folder}</translation>
    </message>
    <message>
        <source>a video has many</source>
        <translation>un video tiene muchos</translation>
    </message>
    <message>
        <source>a video in a zip cannot be read there</source>
        <translation>un video dentro de un archivo ZIP no se puede leer allí</translation>
    </message>
    <message>
        <source>a video of this kind has a name that ends with {ending}</source>
        <translation>un video de este tipo tiene un nombre que termina en {ending}</translation>
    </message>
    <message>
        <source>a visit without an impression cannot be signed</source>
        <translation>una visita sin impresión no se puede firmar</translation>
    </message>
    <message>
        <source>a worker process ended unexpectedly</source>
        <translation>un proceso de trabajo terminó de forma inesperada</translation>
    </message>
    <message>
        <source>a zip under another name</source>
        <translation>un archivo ZIP con otro nombre</translation>
    </message>
    <message>
        <source>a zip within a zip: unpack the outer one first</source>
        <translation>un archivo ZIP dentro de otro: descomprima primero el exterior</translation>
    </message>
    <message>
        <source>a {thing}, {problem}</source>
        <translation>{thing}, {problem}</translation>
    </message>
    <message>
        <source>a {thing}: {problem}. Put it back from a backup</source>
        <translation>{thing}: {problem}. Recupérelo de una copia de seguridad</translation>
    </message>
    <message>
        <source>abnormal cytology</source>
        <translation>citología anormal</translation>
    </message>
    <message>
        <source>about 000 s</source>
        <translation>unos 000 s</translation>
    </message>
    <message>
        <source>about the os as found</source>
        <translation>alrededor del orificio externo detectado</translation>
    </message>
    <message>
        <source>about {seconds:.0f} s</source>
        <translation>unos {seconds:.0f} s</translation>
    </message>
    <message>
        <source>about {seconds:.0f} s after acid</source>
        <translation>unos {seconds:.0f} s tras el ácido</translation>
    </message>
    <message>
        <source>account</source>
        <comment>kind of record</comment>
        <translation>cuenta</translation>
    </message>
    <message>
        <source>accounts are kept here</source>
        <translation>aquí se gestionan las cuentas</translation>
    </message>
    <message>
        <source>acetic acid</source>
        <translation>ácido acético</translation>
    </message>
    <message>
        <source>acetic acid is on already</source>
        <translation>el ácido acético ya está aplicado</translation>
    </message>
    <message>
        <source>acid</source>
        <comment>step of an examination</comment>
        <translation>ácido</translation>
    </message>
    <message>
        <source>acquisition</source>
        <comment>kind of record</comment>
        <translation>adquisición</translation>
    </message>
    <message>
        <source>active</source>
        <comment>state of a run</comment>
        <translation>activa</translation>
    </message>
    <message>
        <source>add a picture to the visit, and read it first</source>
        <translation>añada una imagen a la visita y léala primero</translation>
    </message>
    <message>
        <source>add cases of more patients</source>
        <translation>añada casos de más pacientes</translation>
    </message>
    <message>
        <source>add cases of more women</source>
        <translation>añada casos de más pacientes</translation>
    </message>
    <message>
        <source>add graded cases of more patients</source>
        <translation>añada casos con grado asignado de más pacientes</translation>
    </message>
    <message>
        <source>add one line a case below the header</source>
        <translation>añada una línea por caso debajo del encabezado</translation>
    </message>
    <message>
        <source>add pictures first</source>
        <translation>añada primero imágenes</translation>
    </message>
    <message>
        <source>add the lesion in Findings first</source>
        <translation>añada primero la lesión en Hallazgos</translation>
    </message>
    <message>
        <source>add the other picture to this visit</source>
        <translation>añada la otra imagen a esta visita</translation>
    </message>
    <message>
        <source>add the user to the group video (sudo usermod -aG video USER), then sign in again</source>
        <translation>añada el usuario al grupo video (sudo usermod -aG video USER) y vuelva a iniciar sesión</translation>
    </message>
    <message>
        <source>add the visit to that patient, or correct the identifier</source>
        <translation>añada la visita a esa paciente o corrija el identificador</translation>
    </message>
    <message>
        <source>adenocarcinoma</source>
        <translation>adenocarcinoma</translation>
    </message>
    <message>
        <source>adenocarcinoma in situ</source>
        <translation>adenocarcinoma in situ</translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Examination</comment>
        <translation>adecuada</translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Vagina</comment>
        <translation>adecuada</translation>
    </message>
    <message>
        <source>adjudicated</source>
        <translation>adjudicado</translation>
    </message>
    <message>
        <source>adjudicated by one who differed</source>
        <translation>adjudicado por uno de los que discreparon</translation>
    </message>
    <message>
        <source>adjudicated by one who differed, after AI</source>
        <translation>adjudicado por uno de los que discreparon, después de la IA</translation>
    </message>
    <message>
        <source>adjudicated, after AI</source>
        <translation>adjudicado, después de la IA</translation>
    </message>
    <message>
        <source>adjudicator</source>
        <translation>adjudicador</translation>
    </message>
    <message>
        <source>administrator</source>
        <translation>administrador</translation>
    </message>
    <message>
        <source>after</source>
        <comment>a change</comment>
        <translation>después</translation>
    </message>
    <message>
        <source>after acetic acid</source>
        <translation>tras ácido acético</translation>
    </message>
    <message>
        <source>after acid, not timed</source>
        <translation>tras el ácido, sin cronometrar</translation>
    </message>
    <message>
        <source>after treatment</source>
        <translation>tras el tratamiento</translation>
    </message>
    <message>
        <source>against its own start</source>
        <translation>respecto a su propio inicio</translation>
    </message>
    <message>
        <source>against normal tissue</source>
        <translation>respecto al tejido normal</translation>
    </message>
    <message>
        <source>agrees with the AI</source>
        <translation>coincide con la IA</translation>
    </message>
    <message>
        <source>aligning ...</source>
        <translation>alineando ...</translation>
    </message>
    <message>
        <source>alike in all cases</source>
        <translation>igual en todos los casos</translation>
    </message>
    <message>
        <source>all</source>
        <comment>pairs read</comment>
        <translation>todos</translation>
    </message>
    <message>
        <source>all four quadrants</source>
        <translation>los cuatro cuadrantes</translation>
    </message>
    <message>
        <source>all hours</source>
        <translation>todas las horas</translation>
    </message>
    <message>
        <source>all margin: left out</source>
        <translation>todo es margen: omitida</translation>
    </message>
    <message>
        <source>allergies</source>
        <comment>kind of record</comment>
        <translation>alergias</translation>
    </message>
    <message>
        <source>allow it in the settings of the system</source>
        <translation>permítalo en los ajustes del sistema</translation>
    </message>
    <message>
        <source>amber</source>
        <comment>light</comment>
        <translation>ámbar</translation>
    </message>
    <message>
        <source>amend the report first (Review, Report), or record what is new at a new visit</source>
        <translation>enmiende primero el informe (Revisión, Informe) o registre lo nuevo en una visita nueva</translation>
    </message>
    <message>
        <source>amendment</source>
        <comment>kind of record</comment>
        <translation>enmienda</translation>
    </message>
    <message>
        <source>an account is never removed: what it did stays its doing</source>
        <translation>una cuenta nunca se elimina: lo que hizo queda a su nombre</translation>
    </message>
    <message>
        <source>an account needs a name of at most 100 letters</source>
        <translation>una cuenta necesita un nombre de 100 letras como máximo</translation>
    </message>
    <message>
        <source>an account needs a role</source>
        <translation>una cuenta necesita un rol</translation>
    </message>
    <message>
        <source>an allergy to iodine is on record of this woman: no picture after Lugol's iodine is taken</source>
        <translation>consta una alergia al yodo de esta paciente: no se toma ninguna imagen tras el lugol</translation>
    </message>
    <message>
        <source>an element in it has no length</source>
        <translation>un elemento que contiene no tiene longitud</translation>
    </message>
    <message>
        <source>an element in it is longer than what is left of the file</source>
        <translation>un elemento que contiene es más largo que lo que queda del archivo</translation>
    </message>
    <message>
        <source>an element in it is of no known kind</source>
        <translation>un elemento que contiene no es de ningún tipo conocido</translation>
    </message>
    <message>
        <source>an examination has begun in the visit</source>
        <translation>ha comenzado una exploración en la visita</translation>
    </message>
    <message>
        <source>an export cannot lie inside the library</source>
        <translation>una exportación no puede estar dentro de la biblioteca</translation>
    </message>
    <message>
        <source>an item in it is longer than what is left of the file</source>
        <translation>un ítem que contiene es más largo que lo que queda del archivo</translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {one} that opens the library is not the one that the database knows</source>
        <translation>se restauró un archivo de claves anterior o una base de datos anterior: {one} que abre la biblioteca no es la que conoce la base de datos</translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {several} that open the library are not those that the database knows</source>
        <translation>se restauró un archivo de claves anterior o una base de datos anterior: {several} que abren la biblioteca no son las que conoce la base de datos</translation>
    </message>
    <message numerus="yes">
        <source>an older key file was put back: {names} (has|have) no password in it and cannot sign in. Set (that|their) (password|passwords) anew (Settings, People); where nobody can, the recovery key lets an administrator in</source>
        <translation>
            <numerusform>se restauró un archivo de claves anterior: {names} no tiene contraseña en él y no puede iniciar sesión. Establezca de nuevo su contraseña (Ajustes, Personas); si nadie puede hacerlo, la clave de recuperación permite entrar a un administrador</numerusform>
            <numerusform>se restauró un archivo de claves anterior: {names} no tienen contraseña en él y no pueden iniciar sesión. Establezca de nuevo sus contraseñas (Ajustes, Personas); si nadie puede hacerlo, la clave de recuperación permite entrar a un administrador</numerusform>
        </translation>
    </message>
    <message>
        <source>an unexpected error; it is in the log</source>
        <translation>un error inesperado; está en el registro de errores</translation>
    </message>
    <message>
        <source>an unknown way</source>
        <translation>una forma desconocida</translation>
    </message>
    <message>
        <source>an update is being installed</source>
        <translation>se está instalando una actualización</translation>
    </message>
    <message>
        <source>and {count} more</source>
        <translation>y {count} más</translation>
    </message>
    <message>
        <source>and {more} more</source>
        <translation>y {more} más</translation>
    </message>
    <message>
        <source>annotation</source>
        <comment>kind of record</comment>
        <translation>anotación</translation>
    </message>
    <message>
        <source>annotator</source>
        <translation>anotador</translation>
    </message>
    <message>
        <source>another part of this clip has that number</source>
        <translation>otra parte de este clip tiene ese número</translation>
    </message>
    <message>
        <source>another patient</source>
        <translation>otra paciente</translation>
    </message>
    <message>
        <source>another pot of this visit is called {pot}</source>
        <translation>otro frasco de esta visita se llama {pot}</translation>
    </message>
    <message>
        <source>another program</source>
        <translation>otro programa</translation>
    </message>
    <message>
        <source>another program has {name}</source>
        <translation>otro programa tiene ocupado {name}</translation>
    </message>
    <message>
        <source>another program has {port}</source>
        <translation>otro programa tiene ocupado {port}</translation>
    </message>
    <message>
        <source>another program is writing to it</source>
        <translation>otro programa está escribiendo en ella</translation>
    </message>
    <message>
        <source>another program uses {name}</source>
        <translation>otro programa usa {name}</translation>
    </message>
    <message>
        <source>another reader is still to read it</source>
        <translation>otro lector aún debe leerlo</translation>
    </message>
    <message>
        <source>another reason</source>
        <translation>otro motivo</translation>
    </message>
    <message>
        <source>another run</source>
        <translation>otra ejecución</translation>
    </message>
    <message>
        <source>another woman</source>
        <translation>otra paciente</translation>
    </message>
    <message>
        <source>anterior</source>
        <translation>anterior</translation>
    </message>
    <message>
        <source>anterior</source>
        <comment>Vagina, where</comment>
        <translation>anterior</translation>
    </message>
    <message>
        <source>anterior left</source>
        <translation>anterior izquierda</translation>
    </message>
    <message>
        <source>anterior right</source>
        <translation>anterior derecha</translation>
    </message>
    <message>
        <source>antiplatelet</source>
        <translation>antiagregante</translation>
    </message>
    <message>
        <source>any words of the line, or of what was there before or after</source>
        <translation>cualquier palabra de la línea, o de lo que había antes o después</translation>
    </message>
    <message>
        <source>as 14 Mar 2026</source>
        <translation>p. ej., 14 mar 2026</translation>
    </message>
    <message>
        <source>as far from it</source>
        <translation>igual de lejos</translation>
    </message>
    <message>
        <source>ask an administrator of the library to switch it on again</source>
        <translation>pida a un administrador de la biblioteca que la active de nuevo</translation>
    </message>
    <message>
        <source>ask an administrator of the library, or sign in as somebody who may</source>
        <translation>pídaselo a un administrador de la biblioteca o inicie sesión como alguien que pueda</translation>
    </message>
    <message>
        <source>ask for 0 to {most}</source>
        <translation>pida de 0 a {most}</translation>
    </message>
    <message>
        <source>ask for the permission to read it</source>
        <translation>pida permiso para leerlo</translation>
    </message>
    <message>
        <source>ask for the update file for it</source>
        <translation>pida el archivo de actualización adecuado</translation>
    </message>
    <message>
        <source>ask its sender for it again</source>
        <translation>pídalo de nuevo a quien lo envió</translation>
    </message>
    <message>
        <source>ask who keeps it for permission to open the folder, check its disk, or choose another library</source>
        <translation>pida permiso para abrir la carpeta a quien la administra, revise su disco o elija otra biblioteca</translation>
    </message>
    <message>
        <source>ask whoever gave it to you for an update file for this version</source>
        <translation>pida a quien se lo dio un archivo de actualización para esta versión</translation>
    </message>
    <message>
        <source>ask whoever looks after this computer for the right to (on Linux mostly the group dialout)</source>
        <translation>pida el permiso necesario a quien administra este equipo (en Linux, casi siempre el grupo dialout)</translation>
    </message>
    <message>
        <source>asking the model</source>
        <translation>consultando el modelo</translation>
    </message>
    <message>
        <source>assessment</source>
        <comment>kind of record</comment>
        <translation>evaluación</translation>
    </message>
    <message>
        <source>assign it to a patient first</source>
        <translation>asígnela primero a una paciente</translation>
    </message>
    <message>
        <source>at most</source>
        <comment>so many pairs</comment>
        <translation>como máximo</translation>
    </message>
    <message numerus="yes">
        <source>at most %n time(s) a second there and back</source>
        <translation>
            <numerusform>como máximo %n ida y vuelta por segundo</numerusform>
            <numerusform>como máximo %n idas y vueltas por segundo</numerusform>
        </translation>
    </message>
    <message>
        <source>at the os</source>
        <translation>en el orificio externo</translation>
    </message>
    <message>
        <source>at {clock}</source>
        <translation>a los {clock}</translation>
    </message>
    <message>
        <source>at {clock}, no fluorescence</source>
        <translation>a los {clock}, sin fluorescencia</translation>
    </message>
    <message>
        <source>at {time}</source>
        <translation>a las {time}</translation>
    </message>
    <message>
        <source>atypical vessels</source>
        <translation>vasos atípicos</translation>
    </message>
    <message>
        <source>audit trail: its end is not line {last}, as the library notes: lines at the end were altered or removed</source>
        <translation>registro de auditoría: su final no es la línea {last}, que es la que anota la biblioteca: se alteraron o eliminaron líneas al final</translation>
    </message>
    <message>
        <source>audit trail: line {number} ({at:%Y-%m-%d %H:%M} UTC, {words!r}) is not what was written, or lines between it and line {last} were altered, removed or moved</source>
        <translation>registro de auditoría: la línea {number} ({at:%Y-%m-%d %H:%M} UTC, {words!r}) no es lo que se escribió, o se alteraron, eliminaron o movieron líneas entre ella y la línea {last}</translation>
    </message>
    <message>
        <source>audit trail: line {number} is not what was written: it cannot be read</source>
        <translation>registro de auditoría: la línea {number} no es lo que se escribió: no se puede leer</translation>
    </message>
    <message>
        <source>awaited</source>
        <comment>result</comment>
        <translation>pendiente</translation>
    </message>
    <message>
        <source>back the library up, or repair it</source>
        <translation>hacer copias de seguridad de la biblioteca o repararla</translation>
    </message>
    <message>
        <source>banded</source>
        <translation>con bandas</translation>
    </message>
    <message>
        <source>barrier</source>
        <comment>Contraception</comment>
        <translation>de barrera</translation>
    </message>
    <message>
        <source>before</source>
        <comment>a change</comment>
        <translation>antes</translation>
    </message>
    <message>
        <source>before acetic acid</source>
        <translation>antes del ácido acético</translation>
    </message>
    <message>
        <source>before treatment</source>
        <translation>antes del tratamiento</translation>
    </message>
    <message>
        <source>began {seconds:.0f} s after acid</source>
        <translation>comenzó {seconds:.0f} s tras el ácido</translation>
    </message>
    <message>
        <source>begin it in Capture</source>
        <translation>iníciela en Captura</translation>
    </message>
    <message>
        <source>begun</source>
        <comment>HPV vaccination</comment>
        <translation>iniciada</translation>
    </message>
    <message>
        <source>being recorded</source>
        <translation>grabando</translation>
    </message>
    <message>
        <source>being taken</source>
        <translation>tomando</translation>
    </message>
    <message>
        <source>biopsy</source>
        <translation>biopsia</translation>
    </message>
    <message>
        <source>biopsy {letter}</source>
        <translation>biopsia {letter}</translation>
    </message>
    <message>
        <source>biopsy {name}, {place}</source>
        <translation>biopsia {name}, {place}</translation>
    </message>
    <message>
        <source>birth date</source>
        <translation>fecha de nacimiento</translation>
    </message>
    <message>
        <source>blank them, or leave the picture out</source>
        <translation>tápelas u omita la imagen</translation>
    </message>
    <message>
        <source>bleeding</source>
        <translation>sangrado</translation>
    </message>
    <message>
        <source>blend, curtain</source>
        <translation>mezcla, cortina</translation>
    </message>
    <message>
        <source>blocked: iodine allergy</source>
        <translation>bloqueado: alergia al yodo</translation>
    </message>
    <message>
        <source>blurred</source>
        <translation>borrosa</translation>
    </message>
    <message>
        <source>born {birth_date}    ID {identifier}    visit {moment}</source>
        <translation>nac. {birth_date}    ID {identifier}    visita {moment}</translation>
    </message>
    <message>
        <source>born {born}, ID {identifier}</source>
        <translation>nac. {born}, ID {identifier}</translation>
    </message>
    <message>
        <source>born {day}</source>
        <translation>nac. {day}</translation>
    </message>
    <message>
        <source>born {day}   ID {identifier}</source>
        <translation>nac. {day}   ID {identifier}</translation>
    </message>
    <message>
        <source>both</source>
        <comment>Because of</comment>
        <translation>ambas cosas</translation>
    </message>
    <message>
        <source>both</source>
        <comment>sources</comment>
        <translation>ambas</translation>
    </message>
    <message>
        <source>both sources</source>
        <comment>pictures of a visit</comment>
        <translation>ambas</translation>
    </message>
    <message>
        <source>both sources</source>
        <translation>ambas fuentes</translation>
    </message>
    <message>
        <source>both visits have pins of the same letter</source>
        <translation>ambas visitas tienen marcas con la misma letra</translation>
    </message>
    <message>
        <source>boxes to blank were drawn for {count} pictures that are not in this export</source>
        <translation>se dibujaron recuadros para tapar en {count} imágenes que no están en esta exportación</translation>
    </message>
    <message>
        <source>bring a backup back beside the library with the earlier program: pfm library restore</source>
        <translation>restaure una copia de seguridad junto a la biblioteca con el programa anterior: pfm library restore</translation>
    </message>
    <message>
        <source>bring it as a PNG</source>
        <translation>tráigalo como PNG</translation>
    </message>
    <message>
        <source>bring that version back, or give this run up and begin another one</source>
        <translation>recupere esa versión, o abandone esta ejecución e inicie otra</translation>
    </message>
    <message>
        <source>bring that version back, or learn again</source>
        <translation>recupere esa versión o aprenda de nuevo</translation>
    </message>
    <message>
        <source>bring the backup of {snapshot} back with: pfm library restore {folder} NEW_FOLDER --at {snapshot}</source>
        <translation>recupere la copia de seguridad de {snapshot} con: pfm library restore {folder} NEW_FOLDER --at {snapshot}</translation>
    </message>
    <message>
        <source>bring the file of a public FasterNet T0, T1 or T2 (fasternet_t*.in1k)</source>
        <translation>traiga el archivo de un FasterNet T0, T1 o T2 público (fasternet_t*.in1k)</translation>
    </message>
    <message>
        <source>bring the same weights as .safetensors</source>
        <translation>traiga los mismos pesos como .safetensors</translation>
    </message>
    <message>
        <source>bring the weights as .safetensors, or import FasterNet weights with `pfm models import`</source>
        <translation>traiga los pesos como .safetensors o importe los pesos de FasterNet con `pfm models import`</translation>
    </message>
    <message>
        <source>brush</source>
        <comment>Taken with</comment>
        <translation>cepillo</translation>
    </message>
    <message>
        <source>by itself</source>
        <translation>auto</translation>
    </message>
    <message>
        <source>by key</source>
        <translation>con tecla</translation>
    </message>
    <message>
        <source>by {day}</source>
        <translation>hasta el {day}</translation>
    </message>
    <message>
        <source>calibration</source>
        <comment>part of the cases</comment>
        <translation>calibración</translation>
    </message>
    <message>
        <source>cameras by GenICam need a part that is not installed</source>
        <translation>las cámaras GenICam necesitan un componente que no está instalado</translation>
    </message>
    <message>
        <source>cancer</source>
        <comment>grade</comment>
        <translation>cáncer</translation>
    </message>
    <message>
        <source>cannot</source>
        <comment>be graded</comment>
        <translation>no asignable</translation>
    </message>
    <message>
        <source>cannot be judged</source>
        <comment>Margins</comment>
        <translation>no valorables</translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation>no se puede leer</translation>
    </message>
    <message>
        <source>cannot be read ({why})</source>
        <translation>no se puede leer ({why})</translation>
    </message>
    <message>
        <source>cannot be read: left out</source>
        <translation>no se puede leer: omitida</translation>
    </message>
    <message>
        <source>cannot be told</source>
        <translation>no se puede determinar</translation>
    </message>
    <message>
        <source>case {case} has no picture</source>
        <translation>el caso {case} no tiene ninguna imagen</translation>
    </message>
    <message>
        <source>cases of another clinic</source>
        <translation>casos de otra clínica</translation>
    </message>
    <message>
        <source>cases of this clinic</source>
        <translation>casos de esta clínica</translation>
    </message>
    <message>
        <source>cervix as drawn</source>
        <translation>cuello uterino dibujado</translation>
    </message>
    <message>
        <source>cervix as found</source>
        <translation>cuello uterino detectado</translation>
    </message>
    <message>
        <source>cervix unsure</source>
        <translation>cuello uterino dudoso</translation>
    </message>
    <message>
        <source>change its permissions or copy it to your own folder</source>
        <translation>cambie sus permisos o cópielo en una carpeta propia</translation>
    </message>
    <message>
        <source>change one of them</source>
        <translation>cambie uno de los dos</translation>
    </message>
    <message>
        <source>change the plan</source>
        <translation>cambie el plan</translation>
    </message>
    <message>
        <source>change the plan of examinations</source>
        <translation>cambiar el plan de las exploraciones</translation>
    </message>
    <message>
        <source>change visits, pictures and findings</source>
        <translation>modificar visitas, imágenes y hallazgos</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>modificado</translation>
    </message>
    <message>
        <source>check</source>
        <comment>registration</comment>
        <translation>revisar</translation>
    </message>
    <message>
        <source>check its cable</source>
        <translation>revise su cable</translation>
    </message>
    <message>
        <source>check its cable or its network</source>
        <translation>revise su cable o su red</translation>
    </message>
    <message>
        <source>check its name, its permissions and the disk</source>
        <translation>revise su nombre, sus permisos y el disco</translation>
    </message>
    <message>
        <source>check its permissions</source>
        <translation>revise sus permisos</translation>
    </message>
    <message>
        <source>check its permissions and those of the folders above it, or set PFM_HOME to a folder of yours</source>
        <translation>revise sus permisos y los de las carpetas superiores, o asigne a PFM_HOME una carpeta propia</translation>
    </message>
    <message>
        <source>check its power and its cable</source>
        <translation>revise su alimentación y su cable</translation>
    </message>
    <message>
        <source>check length and points</source>
        <translation>revise la longitud y los puntos</translation>
    </message>
    <message>
        <source>check that its disk is connected</source>
        <translation>compruebe que su disco está conectado</translation>
    </message>
    <message>
        <source>check that its disk or network share is connected, then try again</source>
        <translation>compruebe que su disco o recurso de red está conectado e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>check that the camera is on</source>
        <translation>compruebe que la cámara está encendida</translation>
    </message>
    <message>
        <source>check that the disk is connected and has free space, then try again</source>
        <translation>compruebe que el disco está conectado y tiene espacio libre, e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>check that the set came from this library</source>
        <translation>compruebe que el conjunto procede de esta biblioteca</translation>
    </message>
    <message>
        <source>check that you may write to that folder, then start again</source>
        <translation>compruebe que puede escribir en esa carpeta y empiece de nuevo</translation>
    </message>
    <message>
        <source>check the address</source>
        <translation>revise la dirección</translation>
    </message>
    <message>
        <source>check the disk</source>
        <translation>revise el disco</translation>
    </message>
    <message>
        <source>check the disk and its free space, then try again</source>
        <translation>revise el disco y su espacio libre, e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>check the disk and its permissions</source>
        <translation>revise el disco y sus permisos</translation>
    </message>
    <message>
        <source>check the disk and the permissions</source>
        <translation>revise el disco y los permisos</translation>
    </message>
    <message>
        <source>check the disk or copy the file again</source>
        <translation>revise el disco o copie el archivo de nuevo</translation>
    </message>
    <message>
        <source>check the disk, then try again</source>
        <translation>revise el disco e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>check the folder and its disk, or choose the other way of coding</source>
        <translation>revise la carpeta y su disco, o elija la otra codificación</translation>
    </message>
    <message>
        <source>check the name and that its disk is connected</source>
        <translation>revise el nombre y compruebe que su disco está conectado</translation>
    </message>
    <message>
        <source>check the name and the folder</source>
        <translation>revise el nombre y la carpeta</translation>
    </message>
    <message>
        <source>check the network</source>
        <translation>revise la red</translation>
    </message>
    <message>
        <source>check the network and the address</source>
        <translation>revise la red y la dirección</translation>
    </message>
    <message>
        <source>check the network, and that the camera is on</source>
        <translation>revise la red y compruebe que la cámara está encendida</translation>
    </message>
    <message>
        <source>check the path in the address, user name and password</source>
        <translation>revise la ruta de la dirección, el usuario y la contraseña</translation>
    </message>
    <message>
        <source>check the permissions and the disk</source>
        <translation>revise los permisos y el disco</translation>
    </message>
    <message>
        <source>check the permissions of the folder and whether the disk is read-only</source>
        <translation>revise los permisos de la carpeta y si el disco es de solo lectura</translation>
    </message>
    <message>
        <source>check the pictures and grades it learns from, then train again</source>
        <translation>revise las imágenes y los grados de los que aprende, y entrene de nuevo</translation>
    </message>
    <message>
        <source>check the pictures, or fetch the model again</source>
        <translation>revise las imágenes u obtenga el modelo de nuevo</translation>
    </message>
    <message>
        <source>check the pictures, start from another model, or train from nothing</source>
        <translation>revise las imágenes, parta de otro modelo o entrene desde cero</translation>
    </message>
    <message>
        <source>check the port of the address</source>
        <translation>revise el puerto de la dirección</translation>
    </message>
    <message>
        <source>check the trail, and look for the line in a backup</source>
        <translation>verifique el registro de auditoría y busque la línea en una copia de seguridad</translation>
    </message>
    <message>
        <source>check, {error}</source>
        <translation>revisar, {error}</translation>
    </message>
    <message>
        <source>check, {error}, by hand</source>
        <translation>revisar, {error}, a mano</translation>
    </message>
    <message>
        <source>choose JPEG, PNG, TIFF, BMP, WebP, HEIC or DICOM pictures, or AVI or MKV videos (MJPG, FFV1)</source>
        <translation>elija imágenes JPEG, PNG, TIFF, BMP, WebP, HEIC o DICOM, o videos AVI o MKV (MJPG, FFV1)</translation>
    </message>
    <message>
        <source>choose MJPEG or H.264 in the settings of the camera, and check the path in the address</source>
        <translation>elija MJPEG o H.264 en los ajustes de la cámara y revise la ruta de la dirección</translation>
    </message>
    <message>
        <source>choose a backup of this library</source>
        <translation>elija una copia de seguridad de esta biblioteca</translation>
    </message>
    <message>
        <source>choose a camera</source>
        <translation>elija una cámara</translation>
    </message>
    <message>
        <source>choose a camera from the list, or give an address such as rtsp://192.168.0.20/stream</source>
        <translation>elija una cámara de la lista o indique una dirección como rtsp://192.168.0.20/stream</translation>
    </message>
    <message>
        <source>choose a file of at most {most} GB</source>
        <translation>elija un archivo de {most} GB como máximo</translation>
    </message>
    <message>
        <source>choose a fluorescence picture</source>
        <translation>elija una imagen de fluorescencia</translation>
    </message>
    <message>
        <source>choose a folder of its own for backups, best on another disk</source>
        <translation>elija una carpeta exclusiva para las copias de seguridad, mejor en otro disco</translation>
    </message>
    <message>
        <source>choose a folder outside of it for the library</source>
        <translation>elija para la biblioteca una carpeta fuera de ella</translation>
    </message>
    <message>
        <source>choose a folder somewhere else</source>
        <translation>elija una carpeta en otro lugar</translation>
    </message>
    <message>
        <source>choose a folder that is empty or not there yet: nobody else may look into that of a library</source>
        <translation>elija una carpeta vacía o que aún no exista: nadie más debe poder ver dentro de la carpeta de una biblioteca</translation>
    </message>
    <message>
        <source>choose a folder that is not there yet</source>
        <translation>elija una carpeta que aún no exista</translation>
    </message>
    <message>
        <source>choose a folder that is not there yet; a library is never written over</source>
        <translation>elija una carpeta que aún no exista; una biblioteca nunca se sobrescribe</translation>
    </message>
    <message>
        <source>choose a folder that you may write to</source>
        <translation>elija una carpeta en la que pueda escribir</translation>
    </message>
    <message>
        <source>choose a folder that you may write to, on a disk with free space</source>
        <translation>elija una carpeta en la que pueda escribir, en un disco con espacio libre</translation>
    </message>
    <message>
        <source>choose a folder that you may write to, then try again</source>
        <translation>elija una carpeta en la que pueda escribir e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>choose a folder with PNG or JPEG files</source>
        <translation>elija una carpeta con archivos PNG o JPEG</translation>
    </message>
    <message>
        <source>choose a multiple of {stride} up to {most}</source>
        <translation>elija un múltiplo de {stride} hasta {most}</translation>
    </message>
    <message>
        <source>choose a new or an empty one</source>
        <translation>elija una nueva o una vacía</translation>
    </message>
    <message>
        <source>choose a number from 0 to below 1</source>
        <translation>elija un número desde 0 y menor que 1</translation>
    </message>
    <message>
        <source>choose a patient</source>
        <translation>elija una paciente</translation>
    </message>
    <message>
        <source>choose a picture</source>
        <translation>elija una imagen</translation>
    </message>
    <message>
        <source>choose a picture file that you may read</source>
        <translation>elija un archivo de imagen que pueda leer</translation>
    </message>
    <message>
        <source>choose a picture of at least {least} pixels a side, better 1000</source>
        <translation>elija una imagen de al menos {least} píxeles por lado, mejor 1000</translation>
    </message>
    <message>
        <source>choose a picture of at least {smallest} pixels a side, better 1000</source>
        <translation>elija una imagen de al menos {smallest} píxeles por lado, mejor 1000</translation>
    </message>
    <message>
        <source>choose a picture of at most {megapixels} megapixels and {most_frames} frames</source>
        <translation>elija una imagen de {megapixels} megapíxeles y {most_frames} fotogramas como máximo</translation>
    </message>
    <message>
        <source>choose a picture of at most {most} megapixels</source>
        <translation>elija una imagen de {most} megapíxeles como máximo</translation>
    </message>
    <message>
        <source>choose a place on the cervix that the first frame shows</source>
        <translation>elija un lugar del cuello uterino que se vea en el primer fotograma</translation>
    </message>
    <message>
        <source>choose a recording or a folder of pictures</source>
        <translation>elija una grabación o una carpeta de imágenes</translation>
    </message>
    <message>
        <source>choose a smaller one</source>
        <translation>elija uno más pequeño</translation>
    </message>
    <message>
        <source>choose a value within</source>
        <translation>elija un valor dentro de esos límites</translation>
    </message>
    <message>
        <source>choose a white-light picture</source>
        <translation>elija una imagen de luz blanca</translation>
    </message>
    <message>
        <source>choose a whole number from {least} to {most}</source>
        <translation>elija un número entero de {least} a {most}</translation>
    </message>
    <message>
        <source>choose an AVI or MKV file</source>
        <translation>elija un archivo AVI o MKV</translation>
    </message>
    <message>
        <source>choose an earlier moment</source>
        <translation>elija un momento anterior</translation>
    </message>
    <message>
        <source>choose an empty folder for backups</source>
        <translation>elija una carpeta vacía para las copias de seguridad</translation>
    </message>
    <message>
        <source>choose an impression first</source>
        <translation>elija primero una impresión</translation>
    </message>
    <message>
        <source>choose an offset in days other than 0</source>
        <translation>elija un desfase en días distinto de 0</translation>
    </message>
    <message>
        <source>choose another camera</source>
        <translation>elija otra cámara</translation>
    </message>
    <message>
        <source>choose another file</source>
        <translation>elija otro archivo</translation>
    </message>
    <message>
        <source>choose another folder</source>
        <translation>elija otra carpeta</translation>
    </message>
    <message>
        <source>choose another folder or a new version</source>
        <translation>elija otra carpeta o una versión nueva</translation>
    </message>
    <message>
        <source>choose another folder; each library has its own</source>
        <translation>elija otra carpeta; cada biblioteca tiene la suya</translation>
    </message>
    <message>
        <source>choose another impression instead: that is your second read</source>
        <translation>elija en su lugar otra impresión: esa será su segunda lectura</translation>
    </message>
    <message>
        <source>choose another model in Models first, to compare it with that</source>
        <translation>elija primero otro modelo en Modelos, para compararlo con ese</translation>
    </message>
    <message>
        <source>choose another model in Models, or roll back on the computer where {before} is</source>
        <translation>elija otro modelo en Modelos, o vuelva atrás en el equipo donde está {before}</translation>
    </message>
    <message>
        <source>choose another model, or leave that picture out</source>
        <translation>elija otro modelo o omita esa imagen</translation>
    </message>
    <message>
        <source>choose another name</source>
        <translation>elija otro nombre</translation>
    </message>
    <message>
        <source>choose another name (on the command line with --name)</source>
        <translation>elija otro nombre (en la línea de comandos, con --name)</translation>
    </message>
    <message>
        <source>choose another name for the model</source>
        <translation>elija otro nombre para el modelo</translation>
    </message>
    <message>
        <source>choose another one</source>
        <translation>elija otra opción</translation>
    </message>
    <message>
        <source>choose another one in Models</source>
        <translation>elija otro en Modelos</translation>
    </message>
    <message>
        <source>choose another task, or ask who made it</source>
        <translation>elija otra tarea o pregunte a quien la creó</translation>
    </message>
    <message>
        <source>choose another task, or ask who made it to open it again</source>
        <translation>elija otra tarea o pida a quien la creó que la abra de nuevo</translation>
    </message>
    <message>
        <source>choose another value</source>
        <translation>elija otro valor</translation>
    </message>
    <message>
        <source>choose another visit</source>
        <translation>elija otra visita</translation>
    </message>
    <message>
        <source>choose another woman</source>
        <translation>elija otra paciente</translation>
    </message>
    <message>
        <source>choose it again</source>
        <translation>vuelva a elegir</translation>
    </message>
    <message>
        <source>choose it in Models</source>
        <translation>elíjalo en Modelos</translation>
    </message>
    <message>
        <source>choose one in Device</source>
        <translation>elija una en Dispositivo</translation>
    </message>
    <message>
        <source>choose one in Findings</source>
        <translation>elija una en Hallazgos</translation>
    </message>
    <message>
        <source>choose one of the two</source>
        <translation>elija una de las dos cosas</translation>
    </message>
    <message>
        <source>choose one of this visit</source>
        <translation>elija una de esta visita</translation>
    </message>
    <message>
        <source>choose one of those there are (the latest: {latest})</source>
        <translation>elija una de las que hay (la última: {latest})</translation>
    </message>
    <message>
        <source>choose one of {splices}</source>
        <translation>elija uno de {splices}</translation>
    </message>
    <message>
        <source>choose one of {steps}</source>
        <translation>elija uno de {steps}</translation>
    </message>
    <message>
        <source>choose one of {variants}</source>
        <translation>elija una de {variants}</translation>
    </message>
    <message>
        <source>choose one that it has</source>
        <translation>elija uno que tenga</translation>
    </message>
    <message>
        <source>choose one white-light and one fluorescence picture of one visit; say their stages first</source>
        <translation>elija una imagen de luz blanca y una de fluorescencia de una misma visita; indique primero sus fases</translation>
    </message>
    <message>
        <source>choose one, or switch the account off</source>
        <translation>elija uno o desactive la cuenta</translation>
    </message>
    <message>
        <source>choose the CSV file</source>
        <translation>elija el archivo CSV</translation>
    </message>
    <message>
        <source>choose the folder that holds library.sqlite, or a backup</source>
        <translation>elija la carpeta que contiene library.sqlite, o una copia de seguridad</translation>
    </message>
    <message>
        <source>choose the folder that holds {about} and the folder {snapshots}</source>
        <translation>elija la carpeta que contiene {about} y la carpeta {snapshots}</translation>
    </message>
    <message>
        <source>choose the folder that holds {file}, or put it back from a backup</source>
        <translation>elija la carpeta que contiene {file} o recupérelo de una copia de seguridad</translation>
    </message>
    <message>
        <source>choose the impression again (Findings); after the reveal it is the second read</source>
        <translation>elija de nuevo la impresión (Hallazgos); después de revelar, es la segunda lectura</translation>
    </message>
    <message>
        <source>choose the picture itself</source>
        <translation>elija la imagen misma</translation>
    </message>
    <message>
        <source>choose the port of the lamp, or switch the lamp off and on</source>
        <translation>elija el puerto de la lámpara, o apague y encienda la lámpara</translation>
    </message>
    <message>
        <source>choose the right one</source>
        <translation>elija la correcta</translation>
    </message>
    <message>
        <source>choose the update file (*.pfm-update)</source>
        <translation>elija el archivo de actualización (*.pfm-update)</translation>
    </message>
    <message>
        <source>choose the zip again</source>
        <translation>elija de nuevo el archivo ZIP</translation>
    </message>
    <message>
        <source>choose white light, fluorescence, or white light + one other</source>
        <translation>elija luz blanca, fluorescencia, o luz blanca + otra</translation>
    </message>
    <message>
        <source>choose white, fluorescence or both</source>
        <translation>elija blanca, fluorescencia o ambas</translation>
    </message>
    <message>
        <source>choose {kinds}</source>
        <translation>elija {kinds}</translation>
    </message>
    <message>
        <source>choose {model} above and have it answer here, so that it is compared with that</source>
        <translation>elija {model} arriba y haga que responda aquí, para que se compare con ese</translation>
    </message>
    <message>
        <source>class map</source>
        <translation>mapa de clases</translation>
    </message>
    <message>
        <source>class map on the scale of the model</source>
        <translation>mapa de clases en la escala del modelo</translation>
    </message>
    <message>
        <source>clear</source>
        <comment>Excision margins</comment>
        <translation>libres</translation>
    </message>
    <message>
        <source>click on the picture</source>
        <translation>haga clic en la imagen</translation>
    </message>
    <message>
        <source>clinician</source>
        <translation>clínico</translation>
    </message>
    <message>
        <source>clinicians and administrators choose it</source>
        <translation>lo eligen clínicos y administradores</translation>
    </message>
    <message>
        <source>clip</source>
        <comment>kind of record</comment>
        <translation>clip</translation>
    </message>
    <message>
        <source>clips ({count})</source>
        <translation>clips ({count})</translation>
    </message>
    <message>
        <source>close every program that has it open, then try again</source>
        <translation>cierre todos los programas que la tengan abierta e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>close it there and ask for permission to write to the folder and the file 'lock' in it, and keep it on a disk that locks files</source>
        <translation>ciérrela allí y pida permiso para escribir en la carpeta y en el archivo 'lock' que contiene, y manténgala en un disco que bloquee archivos</translation>
    </message>
    <message>
        <source>close it, then try again</source>
        <translation>ciérrelo e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>close other programs that show this camera</source>
        <translation>cierre otros programas que muestren esta cámara</translation>
    </message>
    <message>
        <source>close other programs to free memory, then start it again</source>
        <translation>cierre otros programas para liberar memoria e inícielo de nuevo</translation>
    </message>
    <message>
        <source>close other programs, then start it again</source>
        <translation>cierre otros programas e inícielo de nuevo</translation>
    </message>
    <message>
        <source>close the corners of a lesion</source>
        <translation>cerrar los vértices de una lesión</translation>
    </message>
    <message>
        <source>close the other program</source>
        <translation>cierre el otro programa</translation>
    </message>
    <message>
        <source>close the other program and open the library again</source>
        <translation>cierre el otro programa y abra la biblioteca de nuevo</translation>
    </message>
    <message>
        <source>close the other program or wait a moment, then try again</source>
        <translation>cierre el otro programa o espere un momento, e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>close the other program, then try again</source>
        <translation>cierre el otro programa e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>close the program there, then try again</source>
        <translation>cierre allí el programa e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>close the program, check that the disk or share is connected, and open the library again; put no backup in its place before it could be read and checked (pfm library verify)</source>
        <translation>cierre el programa, compruebe que el disco o recurso de red está conectado y abra la biblioteca de nuevo; no ponga ninguna copia de seguridad en su lugar antes de que la biblioteca se haya podido leer y verificar (pfm library verify)</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>cerrada</translation>
    </message>
    <message>
        <source>closed</source>
        <comment>task</comment>
        <translation>cerrada</translation>
    </message>
    <message>
        <source>coarse mosaic</source>
        <translation>mosaico grueso</translation>
    </message>
    <message>
        <source>coarse punctation</source>
        <translation>punteado grueso</translation>
    </message>
    <message>
        <source>cold-knife cone</source>
        <translation>conización con bisturí frío</translation>
    </message>
    <message>
        <source>colour profile without a name converted to sRGB</source>
        <translation>perfil de color sin nombre convertido a sRGB</translation>
    </message>
    <message>
        <source>colour profile {name} converted to sRGB</source>
        <translation>perfil de color {name} convertido a sRGB</translation>
    </message>
    <message>
        <source>columnar epithelium (adenosis)</source>
        <translation>epitelio columnar (adenosis)</translation>
    </message>
    <message>
        <source>columnar epithelium, ectopy</source>
        <translation>epitelio columnar (ectopia)</translation>
    </message>
    <message>
        <source>compare and promote it in Fine-tune, in that library; one that is promoted is brought here there</source>
        <translation>compárelo y promuévalo en Ajuste fino, en esa biblioteca; el que se promueve allí se trae aquí</translation>
    </message>
    <message>
        <source>compare it with the printed one, group by group</source>
        <translation>compárela con la impresa, grupo por grupo</translation>
    </message>
    <message>
        <source>compare them again</source>
        <translation>compárelos de nuevo</translation>
    </message>
    <message>
        <source>compare them first</source>
        <translation>compárelos primero</translation>
    </message>
    <message>
        <source>complete</source>
        <comment>HPV vaccination</comment>
        <translation>completa</translation>
    </message>
    <message>
        <source>completely visible</source>
        <translation>completamente visible</translation>
    </message>
    <message>
        <source>condyloma</source>
        <translation>condiloma</translation>
    </message>
    <message>
        <source>confirmed by hand; {reason}</source>
        <translation>confirmado a mano; {reason}</translation>
    </message>
    <message numerus="yes">
        <source>confirming %n picture(s)</source>
        <translation>
            <numerusform>confirmar %n imagen</numerusform>
            <numerusform>confirmar %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>confirming who she is</source>
        <translation>confirmar quién es la paciente</translation>
    </message>
    <message>
        <source>congenital anomaly</source>
        <translation>anomalía congénita</translation>
    </message>
    <message>
        <source>congenital transformation zone</source>
        <translation>zona de transformación congénita</translation>
    </message>
    <message>
        <source>connect the disk or put the folder back; or close the library and open it where it is now</source>
        <translation>conecte el disco o devuelva la carpeta a su lugar; o cierre la biblioteca y ábrala donde está ahora</translation>
    </message>
    <message>
        <source>connect the disk, or open the library where it is now</source>
        <translation>conecte el disco o abra la biblioteca donde está ahora</translation>
    </message>
    <message>
        <source>consequence of treatment</source>
        <translation>consecuencia del tratamiento</translation>
    </message>
    <message>
        <source>contours of lesions and SCJ lines ({count})</source>
        <translation>contornos de lesiones y líneas de la UEC ({count})</translation>
    </message>
    <message>
        <source>contours of the lesion are drawn</source>
        <translation>hay contornos dibujados de la lesión</translation>
    </message>
    <message>
        <source>copy it again from where it came from</source>
        <translation>cópielo de nuevo desde su origen</translation>
    </message>
    <message>
        <source>copy it to the stick again; where that does not help, get it anew from where it came from</source>
        <translation>cópielo de nuevo en la memoria USB; si no ayuda, consígalo de nuevo en su origen</translation>
    </message>
    <message>
        <source>copy its folder as it stands, and put the last backup beside it: pfm library restore BACKUP NEW_FOLDER</source>
        <translation>copie su carpeta tal como está y ponga a su lado la última copia de seguridad: pfm library restore BACKUP NEW_FOLDER</translation>
    </message>
    <message>
        <source>copy its folder as it stands, and {way_back}</source>
        <translation>copie su carpeta tal como está y {way_back}</translation>
    </message>
    <message>
        <source>copy or download it again</source>
        <translation>cópielo o descárguelo de nuevo</translation>
    </message>
    <message>
        <source>copy or download the zip again</source>
        <translation>copie o descargue el archivo ZIP de nuevo</translation>
    </message>
    <message>
        <source>copy or export it again</source>
        <translation>cópielo o expórtelo de nuevo</translation>
    </message>
    <message>
        <source>copy the library to a place that can be written</source>
        <translation>copie la biblioteca a un lugar donde se pueda escribir</translation>
    </message>
    <message>
        <source>copy {keys} of the library to {file}, if it is still there, or the key file from another copy of this backup, and try again; without one nobody can open it</source>
        <translation>copie {keys} de la biblioteca en {file}, si aún existe, o el archivo de claves de otra copia de esta copia de seguridad, e inténtelo de nuevo; sin uno nadie puede abrirla</translation>
    </message>
    <message>
        <source>correct it, then try again</source>
        <translation>corríjalo e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>correct the line</source>
        <translation>corrija la línea</translation>
    </message>
    <message>
        <source>correct the manifest</source>
        <translation>corrija el manifiesto</translation>
    </message>
    <message>
        <source>correct these lines</source>
        <translation>corrija estas líneas</translation>
    </message>
    <message>
        <source>correct these lines; stages are {stages}, sources {sources}</source>
        <translation>corrija estas líneas; las fases son {stages}; las fuentes, {sources}</translation>
    </message>
    <message>
        <source>could not make a library in {path}: {why}</source>
        <translation>no se pudo crear una biblioteca en {path}: {why}</translation>
    </message>
    <message>
        <source>could not move the demo library to {path}: {problem}</source>
        <translation>no se pudo mover la biblioteca de demostración a {path}: {problem}</translation>
    </message>
    <message>
        <source>could not write the copy {file}: {why}</source>
        <translation>no se pudo escribir la copia {file}: {why}</translation>
    </message>
    <message>
        <source>could not write {folder}: {why}</source>
        <translation>no se pudo escribir {folder}: {why}</translation>
    </message>
    <message>
        <source>could not write {path}: {why}</source>
        <translation>no se pudo escribir {path}: {why}</translation>
    </message>
    <message>
        <source>cover the lens or switch the lamp off, then take it again</source>
        <translation>tape el objetivo o apague la lámpara y tómela de nuevo</translation>
    </message>
    <message>
        <source>covered by blood, mucus or an instrument</source>
        <translation>tapado por sangre, moco o un instrumento</translation>
    </message>
    <message>
        <source>cryotherapy</source>
        <translation>crioterapia</translation>
    </message>
    <message>
        <source>cuffed crypt openings</source>
        <translation>orificios glandulares con halo (engrosados)</translation>
    </message>
    <message>
        <source>curette</source>
        <translation>cureta</translation>
    </message>
    <message>
        <source>current</source>
        <comment>Smoking</comment>
        <translation>actual</translation>
    </message>
    <message>
        <source>cut short</source>
        <translation>interrumpido</translation>
    </message>
    <message>
        <source>cut short after {read:.3g} s of {declared:.3g} s</source>
        <translation>interrumpido tras {read:.3g} s de {declared:.3g} s</translation>
    </message>
    <message>
        <source>cyst</source>
        <translation>quiste</translation>
    </message>
    <message>
        <source>dark frame</source>
        <translation>fotograma oscuro</translation>
    </message>
    <message>
        <source>darken the room, look at lamp and filter, then take again</source>
        <translation>oscurezca la sala, revise la lámpara y el filtro, y tome de nuevo</translation>
    </message>
    <message>
        <source>database: line {number} of {table} refers to a line of {other} that is not there</source>
        <translation>base de datos: la línea {number} de {table} remite a una línea de {other} que no existe</translation>
    </message>
    <message>
        <source>database: {problem}</source>
        <translation>base de datos: {problem}</translation>
    </message>
    <message>
        <source>day of the visit</source>
        <translation>día de la visita</translation>
    </message>
    <message>
        <source>decide between reads</source>
        <translation>decidir entre lecturas</translation>
    </message>
    <message>
        <source>decided</source>
        <comment>by who decides between readers</comment>
        <translation>decidido</translation>
    </message>
    <message>
        <source>deciduosis in pregnancy</source>
        <translation>deciduosis en el embarazo</translation>
    </message>
    <message>
        <source>decisions between readers are written</source>
        <translation>se guardan las decisiones entre lectores</translation>
    </message>
    <message>
        <source>delete that file yourself: whoever opens it can look at it</source>
        <translation>borre usted ese archivo: quien lo abra puede verlo</translation>
    </message>
    <message>
        <source>delete that folder yourself: its files can be read by whoever opens it</source>
        <translation>borre usted esa carpeta: quien la abra puede leer sus archivos</translation>
    </message>
    <message>
        <source>demo library</source>
        <translation>biblioteca de demostración</translation>
    </message>
    <message>
        <source>demonstration model, trained on phantoms</source>
        <translation>modelo de demostración, entrenado en fantomas</translation>
    </message>
    <message>
        <source>dense acetowhite epithelium</source>
        <translation>epitelio acetoblanco denso</translation>
    </message>
    <message>
        <source>departs from the AI, no reason given</source>
        <translation>se aparta de la IA, sin motivo indicado</translation>
    </message>
    <message>
        <source>depends on the other items</source>
        <translation>depende de los demás ítems</translation>
    </message>
    <message>
        <source>device</source>
        <translation>dispositivo</translation>
    </message>
    <message>
        <source>differs from the AI</source>
        <translation>difiere de la IA</translation>
    </message>
    <message>
        <source>differs from the AI, no reason given</source>
        <translation>difiere de la IA, sin motivo indicado</translation>
    </message>
    <message>
        <source>discussed</source>
        <comment>MDT meeting</comment>
        <translation>discutido</translation>
    </message>
    <message>
        <source>discussed</source>
        <translation>discutido</translation>
    </message>
    <message>
        <source>divide it into several zips</source>
        <translation>divídalo en varios archivos ZIP</translation>
    </message>
    <message>
        <source>do not install it; get the file anew from where the program came from</source>
        <translation>no lo instale; consiga el archivo de nuevo donde se obtuvo el programa</translation>
    </message>
    <message>
        <source>does not say what {key_file} says</source>
        <translation>no dice lo mismo que {key_file}</translation>
    </message>
    <message>
        <source>done</source>
        <translation>hecho</translation>
    </message>
    <message>
        <source>down</source>
        <translation>bajar</translation>
    </message>
    <message>
        <source>down</source>
        <comment>where to swing</comment>
        <translation>abajo</translation>
    </message>
    <message>
        <source>drag along what you draw, or click its corners</source>
        <translation>arrastre siguiendo lo que dibuja, o haga clic en sus vértices</translation>
    </message>
    <message>
        <source>draw along the junction, or click points along it and press Enter</source>
        <translation>dibuje siguiendo la unión, o haga clic en puntos a lo largo de ella y pulse Intro</translation>
    </message>
    <message>
        <source>draw around the lesion, or click at least three corners</source>
        <translation>dibuje alrededor de la lesión, o haga clic en al menos tres vértices</translation>
    </message>
    <message>
        <source>draw around the whole cervix in one stroke, within the picture</source>
        <translation>dibuje alrededor de todo el cuello uterino de un solo trazo, dentro de la imagen</translation>
    </message>
    <message>
        <source>draw class maps instead</source>
        <translation>dibuje mapas de clases en su lugar</translation>
    </message>
    <message>
        <source>draw it again: left, top, right, bottom in pixels</source>
        <translation>dibújelo de nuevo: izquierda, arriba, derecha, abajo, en píxeles</translation>
    </message>
    <message>
        <source>draw it at the size of that picture</source>
        <translation>dibújelo con el tamaño de esa imagen</translation>
    </message>
    <message>
        <source>draw on the picture</source>
        <translation>dibuje en la imagen</translation>
    </message>
    <message>
        <source>draw the cervix (C)</source>
        <translation>dibujar el cuello uterino (C)</translation>
    </message>
    <message>
        <source>draw the cervix (C; Shift+C: as found)</source>
        <translation>dibujar el cuello uterino (C; Shift+C: el detectado)</translation>
    </message>
    <message>
        <source>draw the lesion in white on black; it looks inverted, or like the picture itself</source>
        <translation>dibuje la lesión en blanco sobre negro; parece invertida o igual a la imagen misma</translation>
    </message>
    <message>
        <source>drawn on both pictures, measured on the white-light one</source>
        <translation>dibujada en ambas imágenes, medida en la de luz blanca</translation>
    </message>
    <message>
        <source>drawn: {drawings}</source>
        <translation>dibujado: {drawings}</translation>
    </message>
    <message>
        <source>dropout = {share} does not fit a network</source>
        <translation>dropout = {share} no encaja en una red</translation>
    </message>
    <message>
        <source>each backup holds it as {files}, and pfm library repair LIBRARY --from BACKUP puts it back</source>
        <translation>cada copia de seguridad lo contiene como {files}, y pfm library repair LIBRARY --from BACKUP lo restaura</translation>
    </message>
    <message>
        <source>each picture here has a number of its own: they may be a count</source>
        <translation>cada imagen tiene aquí un número propio: puede ser una simple numeración</translation>
    </message>
    <message>
        <source>each says why.</source>
        <translation>cada uno dice por qué.</translation>
    </message>
    <message>
        <source>earlier epochs are kept</source>
        <translation>se conservan las épocas anteriores</translation>
    </message>
    <message>
        <source>either {key_file} is not the one of this library, or library.sqlite is damaged: put both back from the same backup (pfm library restore), or choose another library</source>
        <translation>o bien {key_file} no es el de esta biblioteca, o bien library.sqlite está dañado: recupere ambos de la misma copia de seguridad (pfm library restore) o elija otra biblioteca</translation>
    </message>
    <message>
        <source>empty</source>
        <comment>cell of a table</comment>
        <translation>vacía</translation>
    </message>
    <message>
        <source>encrypted: unpack the zip with its password first</source>
        <translation>cifrado: descomprima primero el archivo ZIP con su contraseña</translation>
    </message>
    <message>
        <source>end the recording first</source>
        <translation>termine primero la grabación</translation>
    </message>
    <message>
        <source>ended without a model</source>
        <translation>terminó sin un modelo</translation>
    </message>
    <message>
        <source>endocervical sampling</source>
        <translation>toma endocervical</translation>
    </message>
    <message>
        <source>endometriosis</source>
        <translation>endometriosis</translation>
    </message>
    <message>
        <source>enter the clinic's number</source>
        <translation>introduzca el número de la clínica</translation>
    </message>
    <message>
        <source>enter the clinic's number, or a name</source>
        <translation>introduzca el número de la clínica o un nombre</translation>
    </message>
    <message>
        <source>epoch</source>
        <translation>época</translation>
    </message>
    <message>
        <source>epoch {best:,} was taken</source>
        <translation>se tomó la época {best:,}</translation>
    </message>
    <message>
        <source>epoch {epoch}</source>
        <translation>época {epoch}</translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, loss {loss:.3f}, {speed:.0f} pairs/s</source>
        <translation>época {epoch} de {epochs}, pérdida {loss:.3f}, {speed:.0f} pares/s</translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, validation loss {loss:.3f}</source>
        <translation>época {epoch} de {epochs}, pérdida de validación {loss:.3f}</translation>
    </message>
    <message>
        <source>erosion</source>
        <translation>erosión</translation>
    </message>
    <message>
        <source>erosion (traumatic)</source>
        <translation>erosión (traumática)</translation>
    </message>
    <message>
        <source>error not known</source>
        <translation>error desconocido</translation>
    </message>
    <message>
        <source>error not known: 1 point only shifts the picture, so look whether the tissue fits or add points</source>
        <translation>error desconocido: 1 punto solo desplaza la imagen; mire si el tejido encaja o añada puntos</translation>
    </message>
    <message>
        <source>error not known: 2 points only shift, turn and scale, so look whether the tissue fits or add points</source>
        <translation>error desconocido: 2 puntos solo desplazan, giran y escalan; mire si el tejido encaja o añada puntos</translation>
    </message>
    <message>
        <source>error not known: 3 points always fit, so look whether the tissue fits or add points</source>
        <translation>error desconocido: 3 puntos siempre encajan; mire si el tejido encaja o añada puntos</translation>
    </message>
    <message>
        <source>evaluate it with --sources {source}</source>
        <translation>evalúelo con --sources {source}</translation>
    </message>
    <message>
        <source>examination</source>
        <comment>kind of record</comment>
        <translation>exploración</translation>
    </message>
    <message>
        <source>examiner</source>
        <translation>examinador</translation>
    </message>
    <message>
        <source>excision</source>
        <translation>escisión</translation>
    </message>
    <message>
        <source>excitation light may still be on: {problem}. It goes out by itself within {time:.0f} seconds, and no white-light picture is taken until then</source>
        <translation>la luz de excitación puede seguir encendida: {problem}. Se apaga sola en un máximo de {time:.0f} segundos, y hasta entonces no se toma ninguna imagen de luz blanca</translation>
    </message>
    <message>
        <source>exophytic lesion</source>
        <translation>lesión exofítica</translation>
    </message>
    <message>
        <source>export it again</source>
        <translation>expórtelo de nuevo</translation>
    </message>
    <message>
        <source>export it again as CSV (UTF-8)</source>
        <translation>expórtelo de nuevo como CSV (UTF-8)</translation>
    </message>
    <message>
        <source>export it as an 8-bit RGB picture</source>
        <translation>expórtela como imagen RGB de 8 bits</translation>
    </message>
    <message>
        <source>export it where the library is open for writing</source>
        <translation>expórtelo donde la biblioteca esté abierta para escritura</translation>
    </message>
    <message>
        <source>export it with FFV1, as an MKV file</source>
        <translation>expórtelo con FFV1, como archivo MKV</translation>
    </message>
    <message>
        <source>export the pictures and the structured answer instead</source>
        <translation>exporte en su lugar las imágenes y la respuesta estructurada</translation>
    </message>
    <message>
        <source>exposure</source>
        <translation>exposición</translation>
    </message>
    <message>
        <source>faded to half at {seconds:.0f} s</source>
        <translation>reducido a la mitad a los {seconds:.0f} s</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>con error</translation>
    </message>
    <message>
        <source>failed</source>
        <comment>state of a run</comment>
        <translation>fallida</translation>
    </message>
    <message>
        <source>far away</source>
        <translation>lejos</translation>
    </message>
    <message>
        <source>farther from it</source>
        <translation>más lejos</translation>
    </message>
    <message>
        <source>fetch the model again</source>
        <translation>obtenga el modelo de nuevo</translation>
    </message>
    <message>
        <source>fetch the model again or choose another one</source>
        <translation>obtenga el modelo de nuevo o elija otro</translation>
    </message>
    <message>
        <source>fewer readers than asked for</source>
        <translation>menos lectores que los solicitados</translation>
    </message>
    <message>
        <source>fewer readers than asked for, after AI</source>
        <translation>menos lectores que los solicitados, tras la IA</translation>
    </message>
    <message>
        <source>file names are relative to the manifest's folder</source>
        <translation>los nombres de archivo son relativos a la carpeta del manifiesto</translation>
    </message>
    <message>
        <source>file names are relative to the manifest's folder, those in a zip follow its name (a.zip/1.jpg)</source>
        <translation>los nombres de archivo son relativos a la carpeta del manifiesto; los de un archivo ZIP siguen al nombre de este (a.zip/1.jpg)</translation>
    </message>
    <message>
        <source>files of the installation are missing or were changed: {files}</source>
        <translation>faltan archivos de la instalación o se cambiaron: {files}</translation>
    </message>
    <message>
        <source>fill in both</source>
        <translation>rellene ambos</translation>
    </message>
    <message>
        <source>find cases of these sources, or learn a model that reads those of the cases</source>
        <translation>busque casos de estas fuentes, o haga aprender un modelo que lea las de los casos</translation>
    </message>
    <message>
        <source>findings</source>
        <comment>kind of record</comment>
        <translation>hallazgos</translation>
    </message>
    <message>
        <source>fine lines: {threshold:.2f} and above</source>
        <translation>líneas finas: {threshold:.2f} o más</translation>
    </message>
    <message>
        <source>fine mosaic</source>
        <translation>mosaico fino</translation>
    </message>
    <message>
        <source>fine punctation</source>
        <translation>punteado fino</translation>
    </message>
    <message>
        <source>first of {pictures} pictures in the file</source>
        <translation>primera de {pictures} imágenes del archivo</translation>
    </message>
    <message>
        <source>fluorescence</source>
        <comment>pictures of a visit</comment>
        <translation>fluoresc.</translation>
    </message>
    <message>
        <source>fluorescence</source>
        <translation>fluorescencia</translation>
    </message>
    <message>
        <source>fluorescence after acid</source>
        <translation>fluorescencia tras el ácido</translation>
    </message>
    <message>
        <source>fluorescence before acid</source>
        <translation>fluorescencia antes del ácido</translation>
    </message>
    <message>
        <source>fluorescence picture</source>
        <translation>imagen de fluorescencia</translation>
    </message>
    <message>
        <source>fluorescence {stage}</source>
        <translation>fluorescencia {stage}</translation>
    </message>
    <message>
        <source>fluorescence {when}</source>
        <translation>fluorescencia {when}</translation>
    </message>
    <message>
        <source>focus</source>
        <translation>enfoque</translation>
    </message>
    <message>
        <source>folded</source>
        <translation>plegado</translation>
    </message>
    <message>
        <source>folds the picture flat</source>
        <translation>aplana la imagen</translation>
    </message>
    <message>
        <source>follow up</source>
        <comment>kind of record</comment>
        <translation>seguimiento</translation>
    </message>
    <message>
        <source>follow-up after treatment</source>
        <translation>seguimiento tras el tratamiento</translation>
    </message>
    <message>
        <source>follow-up of a lesion</source>
        <translation>seguimiento de una lesión</translation>
    </message>
    <message>
        <source>for looking only: structures disagree, by hand</source>
        <translation>solo para mirar: las estructuras no concuerdan, a mano</translation>
    </message>
    <message>
        <source>former</source>
        <comment>Smoking</comment>
        <translation>exfumadora</translation>
    </message>
    <message>
        <source>fragile vessels</source>
        <translation>vasos frágiles</translation>
    </message>
    <message>
        <source>frames a second</source>
        <translation>fotogramas por segundo</translation>
    </message>
    <message>
        <source>free</source>
        <comment>Margins</comment>
        <translation>libres</translation>
    </message>
    <message>
        <source>free some space or choose a folder that you may write to, then try again</source>
        <translation>libere espacio o elija una carpeta en la que pueda escribir, e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>free some space or choose another disk, then export it again</source>
        <translation>libere espacio o elija otro disco, y expórtelo de nuevo</translation>
    </message>
    <message>
        <source>free some space, then open it again</source>
        <translation>libere espacio y ábrala de nuevo</translation>
    </message>
    <message>
        <source>free some space, then open the library again</source>
        <translation>libere espacio y abra la biblioteca de nuevo</translation>
    </message>
    <message>
        <source>free some space, then try again</source>
        <translation>libere espacio e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>from the beginning or before</source>
        <translation>desde el principio o antes</translation>
    </message>
    <message>
        <source>from {at}</source>
        <translation>desde {at}</translation>
    </message>
    <message>
        <source>from {threshold:.2f}</source>
        <translation>desde {threshold:.2f}</translation>
    </message>
    <message>
        <source>fully</source>
        <translation>por completo</translation>
    </message>
    <message>
        <source>gain</source>
        <translation>ganancia</translation>
    </message>
    <message>
        <source>gamma {gamma:.1f}</source>
        <translation>gamma {gamma:.1f}</translation>
    </message>
    <message>
        <source>give 0 or more</source>
        <translation>indique 0 o más</translation>
    </message>
    <message>
        <source>give 0 to 1800, or nothing</source>
        <translation>indique de 0 a 1800, o nada</translation>
    </message>
    <message>
        <source>give H x W x 3 uint8 RGB</source>
        <translation>indique H x W x 3 uint8 RGB</translation>
    </message>
    <message>
        <source>give a batch of one</source>
        <translation>indique un lote de un solo caso</translation>
    </message>
    <message>
        <source>give a picture</source>
        <translation>indique una imagen</translation>
    </message>
    <message>
        <source>give both or neither</source>
        <translation>indique ambos o ninguno</translation>
    </message>
    <message>
        <source>give each output a file of its own</source>
        <translation>indique para cada salida un archivo propio</translation>
    </message>
    <message>
        <source>give it another name</source>
        <translation>póngale otro nombre</translation>
    </message>
    <message>
        <source>give one of them beside white light</source>
        <translation>indique una de ellas junto a la luz blanca</translation>
    </message>
    <message>
        <source>give one such as rtsp://192.168.0.20/stream or http://192.168.0.20/video.mjpg</source>
        <translation>indique una como rtsp://192.168.0.20/stream o http://192.168.0.20/video.mjpg</translation>
    </message>
    <message>
        <source>give seconds since acid</source>
        <translation>indique los segundos desde el ácido</translation>
    </message>
    <message>
        <source>give the length in millimetres, as 10</source>
        <translation>indique la longitud en milímetros, p. ej., 10</translation>
    </message>
    <message>
        <source>give the pictures that it was trained on</source>
        <translation>indique las imágenes con las que se entrenó</translation>
    </message>
    <message>
        <source>give the report another name, or move the file away</source>
        <translation>ponga otro nombre al informe o mueva el archivo a otro lugar</translation>
    </message>
    <message>
        <source>give the white-light picture as well, or give it as white light</source>
        <translation>indique también la imagen de luz blanca, o indíquela como luz blanca</translation>
    </message>
    <message>
        <source>give two numbers with a decimal point, such as 12.5,30</source>
        <translation>indique dos números con punto decimal, como 12.5,30</translation>
    </message>
    <message>
        <source>give your own read; where readers differ somebody decides between them</source>
        <translation>haga su propia lectura; donde los lectores difieren, alguien decide entre ellos</translation>
    </message>
    <message>
        <source>given name</source>
        <translation>nombre de pila</translation>
    </message>
    <message>
        <source>glare</source>
        <translation>reflejos</translation>
    </message>
    <message>
        <source>go back to Today and open it again</source>
        <translation>vuelva a Hoy y ábrala de nuevo</translation>
    </message>
    <message>
        <source>go back to Today and open the visit again</source>
        <translation>vuelva a Hoy y abra la visita de nuevo</translation>
    </message>
    <message>
        <source>goes out</source>
        <translation>se exporta</translation>
    </message>
    <message>
        <source>good</source>
        <comment>quality</comment>
        <translation>buena</translation>
    </message>
    <message>
        <source>grade</source>
        <translation>grado</translation>
    </message>
    <message>
        <source>grade pairs of more women</source>
        <translation>asigne un grado a pares de más pacientes</translation>
    </message>
    <message>
        <source>grade the pairs of more women, or enter their histology</source>
        <translation>asigne un grado a los pares de más pacientes o introduzca su histología</translation>
    </message>
    <message>
        <source>grades are {grades}</source>
        <translation>los grados son {grades}</translation>
    </message>
    <message>
        <source>green</source>
        <comment>step of an examination</comment>
        <translation>filtro verde</translation>
    </message>
    <message>
        <source>green</source>
        <comment>light</comment>
        <translation>verde</translation>
    </message>
    <message>
        <source>green filter</source>
        <translation>filtro verde</translation>
    </message>
    <message>
        <source>green-filter picture</source>
        <translation>imagen con filtro verde</translation>
    </message>
    <message>
        <source>grey</source>
        <comment>light</comment>
        <translation>gris</translation>
    </message>
    <message>
        <source>greyscale: one channel copied to three</source>
        <translation>escala de grises: un canal copiado en tres</translation>
    </message>
    <message>
        <source>half of it at {at}</source>
        <translation>la mitad a los {at}</translation>
    </message>
    <message>
        <source>has bars of a flickering lamp</source>
        <translation>tiene bandas de una lámpara que parpadea</translation>
    </message>
    <message>
        <source>has been done</source>
        <translation>se ha realizado</translation>
    </message>
    <message>
        <source>has colours that are not read ({colours})</source>
        <translation>tiene colores que no se leen ({colours})</translation>
    </message>
    <message>
        <source>has even areas as on a screen</source>
        <translation>tiene zonas uniformes como en una pantalla</translation>
    </message>
    <message>
        <source>has no password yet</source>
        <translation>aún no tiene contraseña</translation>
    </message>
    <message>
        <source>has too much glare</source>
        <translation>tiene demasiados reflejos</translation>
    </message>
    <message>
        <source>has {stored} of {allocated} bits in a form that is not read</source>
        <translation>tiene {stored} de {allocated} bits en una forma que no se lee</translation>
    </message>
    <message>
        <source>have a model answer that has not (Models), or add women</source>
        <translation>ponga a responder un modelo que no haya aprendido de ellas (Modelos) o añada pacientes</translation>
    </message>
    <message>
        <source>have a model answer that reads the same (Models), then compare again</source>
        <translation>ponga a responder un modelo que lea lo mismo (Modelos) y compare de nuevo</translation>
    </message>
    <message>
        <source>have it sent or exported as uncompressed DICOM, or as PNG or JPEG</source>
        <translation>pida que se envíe o exporte como DICOM sin comprimir, o como PNG o JPEG</translation>
    </message>
    <message>
        <source>have the pair answered again</source>
        <translation>pida una nueva respuesta para el par</translation>
    </message>
    <message>
        <source>heatmap</source>
        <translation>mapa de calor</translation>
    </message>
    <message>
        <source>heparin</source>
        <translation>heparina</translation>
    </message>
    <message>
        <source>her allergies are on record</source>
        <translation>constan alergias de la paciente</translation>
    </message>
    <message>
        <source>her identifier</source>
        <translation>identificador de la paciente</translation>
    </message>
    <message>
        <source>her visit is signed: nothing is added to it</source>
        <translation>la visita de la paciente está firmada: no se le añade nada</translation>
    </message>
    <message>
        <source>her visit of {day}</source>
        <translation>su visita del {day}</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>oculto</translation>
    </message>
    <message>
        <source>high</source>
        <comment>grade</comment>
        <translation>alto grado</translation>
    </message>
    <message>
        <source>high (HSIL, CIN2-3)</source>
        <translation>alto grado (HSIL, CIN2-3)</translation>
    </message>
    <message>
        <source>high risk</source>
        <translation>alto riesgo</translation>
    </message>
    <message>
        <source>histology</source>
        <comment>kind of record</comment>
        <translation>histología</translation>
    </message>
    <message>
        <source>histology</source>
        <translation>histología</translation>
    </message>
    <message>
        <source>histology {diagnosis}</source>
        <translation>histología: {diagnosis}</translation>
    </message>
    <message>
        <source>holds black and white only (single bit), not a photograph</source>
        <translation>contiene solo blanco y negro (un bit), no una fotografía</translation>
    </message>
    <message>
        <source>holds subsampled colours without a packing, which are not read</source>
        <translation>contiene colores submuestreados sin empaquetar, que no se leen</translation>
    </message>
    <message>
        <source>hormonal</source>
        <comment>Contraception</comment>
        <translation>hormonal</translation>
    </message>
    <message>
        <source>hour not known: the os is not marked</source>
        <translation>hora desconocida: el orificio externo no está marcado</translation>
    </message>
    <message>
        <source>how it was taken is on record</source>
        <translation>queda registrado cómo se tomó</translation>
    </message>
    <message>
        <source>how specimens were taken, and those without a pin</source>
        <translation>cómo se tomaron las muestras, y las que no tienen marca</translation>
    </message>
    <message>
        <source>identical</source>
        <translation>idénticas</translation>
    </message>
    <message>
        <source>identifier</source>
        <translation>identificador</translation>
    </message>
    <message>
        <source>identity corrected since</source>
        <translation>identidad corregida después</translation>
    </message>
    <message>
        <source>if it was encrypted, put {key_file} back: {how}. Else {remedy}</source>
        <translation>si estaba cifrada, restaure {key_file}: {how}. Si no, {remedy}</translation>
    </message>
    <message>
        <source>if its folder was moved or renamed, open it where it is now; else check that its disk or network share is connected and may be written</source>
        <translation>si su carpeta se movió o cambió de nombre, ábrala donde está ahora; si no, compruebe que su disco o recurso de red está conectado y permite escribir</translation>
    </message>
    <message>
        <source>if the library is there, copy its {keys} to {file} and try again; else look for another copy of this folder</source>
        <translation>si la biblioteca existe, copie su {keys} en {file} e inténtelo de nuevo; si no, busque otra copia de esta carpeta</translation>
    </message>
    <message>
        <source>if the os is where the program found it ({key} on the stage marks it there)</source>
        <translation>si el orificio externo está donde lo encontró el programa ({key} en el visor lo marca ahí)</translation>
    </message>
    <message>
        <source>import it with --variant {variant}</source>
        <translation>impórtelo con --variant {variant}</translation>
    </message>
    <message>
        <source>impression</source>
        <translation>impresión</translation>
    </message>
    <message>
        <source>in a worker process</source>
        <translation>en un proceso de trabajo</translation>
    </message>
    <message>
        <source>in quarantine</source>
        <translation>en cuarentena</translation>
    </message>
    <message>
        <source>in quarantine: not better</source>
        <translation>en cuarentena: no es mejor</translation>
    </message>
    <message>
        <source>in the library as {name}</source>
        <translation>en la biblioteca como {name}</translation>
    </message>
    <message>
        <source>in the library, without a name</source>
        <translation>en la biblioteca, sin nombre</translation>
    </message>
    <message>
        <source>in the middle</source>
        <translation>en el centro</translation>
    </message>
    <message>
        <source>in the way</source>
        <translation>obstruye la vista</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>en uso</translation>
    </message>
    <message>
        <source>in use by {holder}</source>
        <translation>en uso por {holder}</translation>
    </message>
    <message>
        <source>in use, cannot answer</source>
        <translation>en uso, no puede responder</translation>
    </message>
    <message>
        <source>in {seconds} s</source>
        <translation>en {seconds} s</translation>
    </message>
    <message>
        <source>in {seconds} s, hold still</source>
        <translation>en {seconds} s, no se mueva</translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Examination</comment>
        <translation>inadecuada</translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Vagina</comment>
        <translation>inadecuada</translation>
    </message>
    <message>
        <source>inadequate, no diagnosis</source>
        <translation>inadecuada, sin diagnóstico</translation>
    </message>
    <message>
        <source>indeterminate</source>
        <translation>indeterminado</translation>
    </message>
    <message>
        <source>indeterminate (likeliest {grade} {share:.2f})</source>
        <translation>indeterminado (lo más probable: {grade} {share:.2f})</translation>
    </message>
    <message>
        <source>inflammation</source>
        <translation>inflamación</translation>
    </message>
    <message>
        <source>inner border sign</source>
        <translation>signo del borde interno</translation>
    </message>
    <message>
        <source>input size {size} does not fit</source>
        <translation>el tamaño de entrada {size} no encaja</translation>
    </message>
    <message>
        <source>inside and outside</source>
        <comment>of the TZ</comment>
        <translation>dentro y fuera</translation>
    </message>
    <message>
        <source>inside the TZ</source>
        <translation>dentro de la ZT</translation>
    </message>
    <message>
        <source>install it: pip install "pfm-desktop[genicam]"</source>
        <translation>instálelo: pip install "pfm-desktop[genicam]"</translation>
    </message>
    <message>
        <source>install the new version by its installer, once its SHA-256 was compared</source>
        <translation>instale la nueva versión con su instalador, una vez comparado su SHA-256</translation>
    </message>
    <message>
        <source>install the program again</source>
        <translation>instale el programa de nuevo</translation>
    </message>
    <message>
        <source>install the software of the camera's maker; {paths} names the folder of its .cti file</source>
        <translation>instale el software del fabricante de la cámara; {paths} indica la carpeta de su archivo .cti</translation>
    </message>
    <message>
        <source>install what holds it (Debian and Ubuntu: sudo apt-get install {packages})</source>
        <translation>instale lo que lo contiene (Debian y Ubuntu: sudo apt-get install {packages})</translation>
    </message>
    <message>
        <source>intermediate</source>
        <comment>Swede score</comment>
        <translation>intermedia</translation>
    </message>
    <message>
        <source>intrauterine device</source>
        <translation>dispositivo intrauterino</translation>
    </message>
    <message>
        <source>invalid</source>
        <comment>HPV, high risk</comment>
        <translation>no válido</translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Excision margins</comment>
        <translation>afectados</translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Margins</comment>
        <translation>afectados</translation>
    </message>
    <message>
        <source>iodine</source>
        <translation>yodo</translation>
    </message>
    <message>
        <source>irregular surface</source>
        <translation>superficie irregular</translation>
    </message>
    <message>
        <source>irregular, geographic border</source>
        <translation>borde irregular, geográfico</translation>
    </message>
    <message>
        <source>is a JPEG 2000 of more than {megapixels} megapixels</source>
        <translation>es un JPEG 2000 de más de {megapixels} megapíxeles</translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or colours that are not read</source>
        <translation>es un JPEG 2000 con bits o colores que no se leen</translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or subsampled colours that are not read</source>
        <translation>es un JPEG 2000 con bits o colores submuestreados que no se leen</translation>
    </message>
    <message>
        <source>is a JPEG-LS with bits or colours that are not read</source>
        <translation>es un JPEG-LS con bits o colores que no se leen</translation>
    </message>
    <message>
        <source>is a deflated DICOM file, which is never unpacked: what comes out has no bounds</source>
        <translation>es un archivo DICOM con compresión «deflate», que nunca se descomprime: lo que sale no tiene límites</translation>
    </message>
    <message>
        <source>is a video, which is not read from DICOM</source>
        <translation>es un video, que no se lee de DICOM</translation>
    </message>
    <message>
        <source>is black and white</source>
        <translation>está en blanco y negro</translation>
    </message>
    <message>
        <source>is damaged</source>
        <comment>a file</comment>
        <translation>está dañado</translation>
    </message>
    <message>
        <source>is damaged or cut short</source>
        <comment>a file</comment>
        <translation>está dañado o incompleto</translation>
    </message>
    <message>
        <source>is empty</source>
        <comment>a file</comment>
        <translation>está vacío</translation>
    </message>
    <message>
        <source>is far too long for a picture</source>
        <translation>es demasiado alargada para ser una imagen</translation>
    </message>
    <message>
        <source>is missing</source>
        <comment>a file</comment>
        <translation>falta</translation>
    </message>
    <message>
        <source>is no DICOM file</source>
        <translation>no es un archivo DICOM</translation>
    </message>
    <message>
        <source>is no map of pixels</source>
        <translation>no es un mapa de píxeles</translation>
    </message>
    <message>
        <source>is no photograph but {what}</source>
        <translation>no es una fotografía sino {what}</translation>
    </message>
    <message>
        <source>is obstructed</source>
        <translation>está obstruida</translation>
    </message>
    <message>
        <source>is out of focus</source>
        <translation>está desenfocada</translation>
    </message>
    <message>
        <source>is overexposed</source>
        <translation>está sobreexpuesta</translation>
    </message>
    <message>
        <source>is packed as a kind of JPEG that is not read</source>
        <translation>está comprimido con un tipo de JPEG que no se lee</translation>
    </message>
    <message>
        <source>is packed in a way that is not read ({syntax})</source>
        <translation>está comprimido de una forma que no se lee ({syntax})</translation>
    </message>
    <message>
        <source>is projective, not affine</source>
        <translation>es proyectivo, no afín</translation>
    </message>
    <message>
        <source>is that of another library</source>
        <comment>a file</comment>
        <translation>es de otra biblioteca</translation>
    </message>
    <message>
        <source>is the directory of a disc (DICOMDIR), not a picture</source>
        <translation>es el directorio de un disco (DICOMDIR), no una imagen</translation>
    </message>
    <message>
        <source>is too dark</source>
        <translation>es demasiado oscura</translation>
    </message>
    <message>
        <source>is too noisy</source>
        <translation>tiene demasiado ruido</translation>
    </message>
    <message>
        <source>is too small</source>
        <translation>es demasiado pequeña</translation>
    </message>
    <message>
        <source>is unusable</source>
        <translation>no se puede usar</translation>
    </message>
    <message>
        <source>is unusable ({problem})</source>
        <translation>no se puede usar ({problem})</translation>
    </message>
    <message>
        <source>issuer {issuer}</source>
        <translation>emisor {issuer}</translation>
    </message>
    <message>
        <source>it can be changed as it is</source>
        <translation>se puede modificar tal como está</translation>
    </message>
    <message>
        <source>it cannot be decoded</source>
        <translation>no se puede decodificar</translation>
    </message>
    <message>
        <source>it cannot be looked at: {problem}</source>
        <translation>no se puede examinar: {problem}</translation>
    </message>
    <message>
        <source>it cannot be opened</source>
        <translation>no se puede abrir</translation>
    </message>
    <message>
        <source>it cannot be put on record that you see it</source>
        <translation>no se puede dejar registrado que usted la ve</translation>
    </message>
    <message>
        <source>it did not come to an end</source>
        <translation>no llegó a terminar</translation>
    </message>
    <message>
        <source>it does not hold exactly a model, its card and a signature</source>
        <translation>no contiene exactamente un modelo, su ficha y una firma</translation>
    </message>
    <message>
        <source>it does not say how many frames a second has</source>
        <translation>no indica cuántos fotogramas por segundo tiene</translation>
    </message>
    <message>
        <source>it ends in the middle of an element</source>
        <translation>termina en mitad de un elemento</translation>
    </message>
    <message>
        <source>it goes on as before</source>
        <translation>continúa como antes</translation>
    </message>
    <message>
        <source>it has changed since it was looked at</source>
        <translation>ha cambiado desde que se examinó</translation>
    </message>
    <message>
        <source>it has no label</source>
        <translation>sin etiqueta</translation>
    </message>
    <message>
        <source>it has no picture that can go out</source>
        <translation>no tiene ninguna imagen que se pueda exportar</translation>
    </message>
    <message>
        <source>it has none</source>
        <translation>no tiene ninguno</translation>
    </message>
    <message>
        <source>it has not the frames that are on record</source>
        <translation>no tiene los fotogramas que constan</translation>
    </message>
    <message>
        <source>it holds fewer pictures than before</source>
        <translation>contiene menos imágenes que antes</translation>
    </message>
    <message>
        <source>it holds more elements than any picture</source>
        <translation>contiene más elementos que cualquier imagen</translation>
    </message>
    <message>
        <source>it holds more than an update file does</source>
        <translation>contiene más de lo que contiene un archivo de actualización</translation>
    </message>
    <message>
        <source>it holds more than was signed</source>
        <translation>contiene más de lo que se firmó</translation>
    </message>
    <message>
        <source>it holds no pixels</source>
        <translation>no contiene píxeles</translation>
    </message>
    <message>
        <source>it is being opened</source>
        <translation>se está abriendo</translation>
    </message>
    <message>
        <source>it is cut into more tiles than any picture</source>
        <translation>está dividido en más teselas que cualquier imagen</translation>
    </message>
    <message>
        <source>it is cut more finely than any picture</source>
        <translation>está dividido más finamente que cualquier imagen</translation>
    </message>
    <message>
        <source>it is cut off, or another kind of file</source>
        <translation>está cortado, o es otro tipo de archivo</translation>
    </message>
    <message>
        <source>it is damaged</source>
        <translation>está dañado</translation>
    </message>
    <message>
        <source>it is damaged, or no model file</source>
        <translation>está dañado o no es un archivo de modelo</translation>
    </message>
    <message>
        <source>it is drawn over another picture</source>
        <translation>está dibujada sobre otra imagen</translation>
    </message>
    <message>
        <source>it is empty (zero bytes)</source>
        <translation>está vacío (cero bytes)</translation>
    </message>
    <message>
        <source>it is in this visit already</source>
        <translation>ya está en esta visita</translation>
    </message>
    <message>
        <source>it is in {visit} already</source>
        <translation>ya está en {visit}</translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew</source>
        <translation>ya está en {visit}, y se guardó de nuevo</translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew, as {stage}</source>
        <translation>ya está en {visit}, y se guardó de nuevo, como {stage}</translation>
    </message>
    <message>
        <source>it is in {visit} too, as a copy without its moment</source>
        <translation>también está en {visit}, como copia sin su momento</translation>
    </message>
    <message>
        <source>it is in {visit} too, as {stage}, as a copy without its moment</source>
        <translation>también está en {visit}, como {stage}, como copia sin su momento</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>tiene demasiados niveles de anidamiento</translation>
    </message>
    <message>
        <source>it is no part of a clip</source>
        <translation>no es una parte de un clip</translation>
    </message>
    <message>
        <source>it is no picture</source>
        <translation>no es una imagen</translation>
    </message>
    <message>
        <source>it is no template of a report</source>
        <translation>no es una plantilla de informe</translation>
    </message>
    <message>
        <source>it is not a file</source>
        <translation>no es un archivo</translation>
    </message>
    <message>
        <source>it is not on record when acetic acid was applied</source>
        <translation>no consta cuándo se aplicó el ácido acético</translation>
    </message>
    <message>
        <source>it is not shown, and nothing was changed</source>
        <translation>no se muestra, y no se modificó nada</translation>
    </message>
    <message>
        <source>it is of another version of the program</source>
        <translation>es de otra versión del programa</translation>
    </message>
    <message>
        <source>it is on record for another woman ({identifier})</source>
        <translation>está registrada para otra paciente ({identifier})</translation>
    </message>
    <message>
        <source>it is still there</source>
        <translation>sigue ahí</translation>
    </message>
    <message>
        <source>it is too bright</source>
        <translation>es demasiado claro</translation>
    </message>
    <message>
        <source>it is too large</source>
        <translation>es demasiado grande</translation>
    </message>
    <message>
        <source>it is too large ({size:.1f} GB)</source>
        <translation>es demasiado grande ({size:.1f} GB)</translation>
    </message>
    <message>
        <source>it is unchanged</source>
        <translation>no se ha modificado</translation>
    </message>
    <message>
        <source>it is unchanged, and nothing was brought in</source>
        <translation>no se ha modificado, y no se incorporó nada</translation>
    </message>
    <message>
        <source>it is whole and empty</source>
        <translation>está íntegra y vacía</translation>
    </message>
    <message>
        <source>it may be a name</source>
        <translation>podría ser un nombre</translation>
    </message>
    <message>
        <source>it may not be read: permission denied</source>
        <translation>no se puede leer: permiso denegado</translation>
    </message>
    <message>
        <source>it of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>el número de la paciente o de la solicitud supera los {longest} caracteres que admite DICOM</translation>
    </message>
    <message>
        <source>it says nothing</source>
        <translation>no dice nada</translation>
    </message>
    <message>
        <source>it says nothing about any of {pairs:,} pairs ({reason})</source>
        <translation>no dice nada sobre ninguno de los {pairs:,} pares ({reason})</translation>
    </message>
    <message>
        <source>it says to be {width} x {height} pixels</source>
        <translation>dice tener {width} x {height} píxeles</translation>
    </message>
    <message>
        <source>it stands beside a woman's number or a name</source>
        <translation>está junto al número de una paciente o a un nombre</translation>
    </message>
    <message>
        <source>it stands in the report alone</source>
        <translation>figura solo en el informe</translation>
    </message>
    <message>
        <source>it stays open for reading, and nothing was changed</source>
        <translation>sigue abierta para lectura, y no se modificó nada</translation>
    </message>
    <message>
        <source>it was exported from here: it is in {visit} already</source>
        <translation>se exportó desde aquí: ya está en {visit}</translation>
    </message>
    <message>
        <source>it was given twice</source>
        <translation>se indicó dos veces</translation>
    </message>
    <message>
        <source>it was left out, or is not among the pictures that were looked at</source>
        <translation>se omitió, o no está entre las imágenes que se examinaron</translation>
    </message>
    <message>
        <source>it was made by a newer version of the program</source>
        <translation>se creó con una versión más reciente del programa</translation>
    </message>
    <message>
        <source>it was not opened</source>
        <translation>no se abrió</translation>
    </message>
    <message>
        <source>it was not opened and nothing was changed</source>
        <translation>no se abrió y no se modificó nada</translation>
    </message>
    <message>
        <source>it was not revealed in this visit</source>
        <translation>no se reveló en esta visita</translation>
    </message>
    <message>
        <source>it was refused</source>
        <translation>se rechazó</translation>
    </message>
    <message>
        <source>it would have to go on record that you see it, and {why}.</source>
        <translation>tendría que quedar registrado que usted la ve, y {why}.</translation>
    </message>
    <message>
        <source>its DICOM file says that words are drawn into it, and nobody has covered them: draw a box over them, or a margin</source>
        <translation>su archivo DICOM dice que hay palabras dibujadas en ella, y nadie las ha tapado: dibuje un recuadro sobre ellas, o un margen</translation>
    </message>
    <message>
        <source>its EXIF data is damaged and was not used</source>
        <translation>sus datos EXIF están dañados y no se utilizaron</translation>
    </message>
    <message>
        <source>its clock goes on</source>
        <translation>su reloj sigue en marcha</translation>
    </message>
    <message>
        <source>its content is not what was signed</source>
        <translation>su contenido no es el que se firmó</translation>
    </message>
    <message>
        <source>its database is older than its key file, as where a backup was brought back: ask an administrator of the library to make the account anew (Settings, People)</source>
        <translation>su base de datos es anterior a su archivo de claves, como cuando se restaura una copia de seguridad: pida a un administrador de la biblioteca que cree de nuevo la cuenta (Ajustes, Personas)</translation>
    </message>
    <message>
        <source>its description is no text that can be read</source>
        <translation>su descripción no es un texto que se pueda leer</translation>
    </message>
    <message>
        <source>its elements are out of order, or one is there twice</source>
        <translation>sus elementos están desordenados, o uno figura dos veces</translation>
    </message>
    <message>
        <source>its file was missing or altered in the library, and was put back</source>
        <translation>su archivo faltaba o estaba alterado en la biblioteca, y se repuso</translation>
    </message>
    <message>
        <source>its first bytes are not those of a database; if it was encrypted, {key_file} is missing</source>
        <translation>sus primeros bytes no son los de una base de datos; si estaba cifrada, falta {key_file}</translation>
    </message>
    <message>
        <source>its folder</source>
        <translation>su carpeta</translation>
    </message>
    <message>
        <source>its folder is {folder}</source>
        <translation>su carpeta es {folder}</translation>
    </message>
    <message>
        <source>its frames are out of order</source>
        <translation>sus fotogramas están desordenados</translation>
    </message>
    <message>
        <source>its frames cannot be told apart</source>
        <translation>sus fotogramas no se pueden distinguir</translation>
    </message>
    <message>
        <source>its frames would be {width:.0f} x {height:.0f} pixels</source>
        <translation>sus fotogramas tendrían {width:.0f} x {height:.0f} píxeles</translation>
    </message>
    <message>
        <source>its head does not say how it is written</source>
        <translation>su encabezado no dice cómo está escrito</translation>
    </message>
    <message>
        <source>its head is longer than the file</source>
        <translation>su encabezado es más largo que el archivo</translation>
    </message>
    <message>
        <source>its header is damaged</source>
        <translation>su encabezado está dañado</translation>
    </message>
    <message>
        <source>its length is not what its header says</source>
        <translation>su longitud no es la que dice su encabezado</translation>
    </message>
    <message>
        <source>its list of frames is damaged</source>
        <translation>su lista de fotogramas está dañada</translation>
    </message>
    <message>
        <source>its lock may not be opened ({why})</source>
        <translation>no se permite abrir su archivo de bloqueo ({why})</translation>
    </message>
    <message>
        <source>its name is not that of a file</source>
        <translation>su nombre no es el de un archivo</translation>
    </message>
    <message>
        <source>its name leads out of the zip</source>
        <translation>su nombre lleva fuera del archivo ZIP</translation>
    </message>
    <message>
        <source>its name stands in the zip twice</source>
        <translation>su nombre figura dos veces en el archivo ZIP</translation>
    </message>
    <message>
        <source>its packed pixels are cut short</source>
        <translation>sus píxeles comprimidos están cortados</translation>
    </message>
    <message>
        <source>its packed pixels are missing</source>
        <translation>faltan sus píxeles comprimidos</translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG</source>
        <translation>sus píxeles comprimidos no son JPEG</translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG 2000</source>
        <translation>sus píxeles comprimidos no son JPEG 2000</translation>
    </message>
    <message>
        <source>its packed pixels are of another size or colour than its head says</source>
        <translation>sus píxeles comprimidos tienen otro tamaño u otro color que los que dice su encabezado</translation>
    </message>
    <message>
        <source>its packed pixels come in more scans than any picture</source>
        <translation>sus píxeles comprimidos tienen más barridos que cualquier imagen</translation>
    </message>
    <message>
        <source>its packed pixels end too early</source>
        <translation>sus píxeles comprimidos terminan demasiado pronto</translation>
    </message>
    <message>
        <source>its pictures could not be registered</source>
        <translation>sus imágenes no se pudieron registrar</translation>
    </message>
    <message>
        <source>its pixels are not as many as its head says</source>
        <translation>no tiene tantos píxeles como dice su encabezado</translation>
    </message>
    <message>
        <source>its record and everything else is unchanged</source>
        <translation>su registro y todo lo demás no se han modificado</translation>
    </message>
    <message>
        <source>its sections cannot be read</source>
        <translation>sus secciones no se pueden leer</translation>
    </message>
    <message>
        <source>its sequences are more than {deepest} deep</source>
        <translation>sus secuencias tienen más de {deepest} niveles de profundidad</translation>
    </message>
    <message>
        <source>its signature cannot be read</source>
        <translation>su firma no se puede leer</translation>
    </message>
    <message>
        <source>its signature does not fit</source>
        <translation>su firma no coincide</translation>
    </message>
    <message>
        <source>its size is not the one that it says</source>
        <translation>su tamaño no es el que dice</translation>
    </message>
    <message>
        <source>its stage is not known: {reason}</source>
        <translation>no se conoce su fase: {reason}</translation>
    </message>
    <message>
        <source>its stage is only a guess: {reason}</source>
        <translation>su fase es solo una suposición: {reason}</translation>
    </message>
    <message>
        <source>its white-light picture is one with acetic acid</source>
        <translation>su imagen de luz blanca es una con ácido acético</translation>
    </message>
    <message>
        <source>its woman looks like one on another side</source>
        <translation>su paciente se parece a una que está en otra parte de los datos</translation>
    </message>
    <message>
        <source>kappa</source>
        <translation>kappa</translation>
    </message>
    <message>
        <source>kappa not defined (all one grade), {pairs}; {shares}</source>
        <translation>kappa no definido (todo de un solo grado), {pairs}; {shares}</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f} ({interval})</source>
        <translation>kappa {kappa:.2f} ({interval})</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: all alike, which gives no interval</source>
        <translation>kappa {kappa:.2f}, {pairs}: todos iguales, lo que no da intervalo</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: too few women for an interval; {shares}</source>
        <translation>kappa {kappa:.2f}, {pairs}: muy pocas pacientes para un intervalo; {shares}</translation>
    </message>
    <message>
        <source>keep one of the two lines</source>
        <translation>conserve una de las dos líneas</translation>
    </message>
    <message>
        <source>keep one of them</source>
        <translation>conserve solo uno</translation>
    </message>
    <message>
        <source>keep the old one, or give the reason why the new one is to answer all the same, in a few words ({letters} letters or more)</source>
        <translation>conserve el antiguo, o indique en pocas palabras por qué el nuevo debe responder de todos modos ({letters} letras o más)</translation>
    </message>
    <message>
        <source>key file and copy differ: a password or the recovery key was being changed, or an older file was put back; what was before and what is new open the library, and pfm library repair keeps the newer one</source>
        <translation>el archivo de claves y su copia difieren: se estaba cambiando una contraseña o la clave de recuperación, o se repuso un archivo anterior; lo anterior y lo nuevo abren la biblioteca, y pfm library repair conserva el más reciente</translation>
    </message>
    <message>
        <source>kind</source>
        <translation>tipo</translation>
    </message>
    <message>
        <source>kind not told</source>
        <translation>tipo no indicado</translation>
    </message>
    <message>
        <source>knife</source>
        <translation>bisturí</translation>
    </message>
    <message>
        <source>known models: {models}</source>
        <translation>modelos conocidos: {models}</translation>
    </message>
    <message>
        <source>known models: {models}; for a folder here write ./{name}</source>
        <translation>modelos conocidos: {models}; para una carpeta de aquí escriba ./{name}</translation>
    </message>
    <message>
        <source>label pictures</source>
        <translation>etiquetar imágenes</translation>
    </message>
    <message>
        <source>larger than the cervix</source>
        <translation>mayor que el cuello uterino</translation>
    </message>
    <message>
        <source>larger than the cervix as found</source>
        <translation>mayor que el cuello uterino detectado</translation>
    </message>
    <message>
        <source>laser</source>
        <comment>Taken with</comment>
        <translation>láser</translation>
    </message>
    <message>
        <source>laser ablation</source>
        <translation>ablación con láser</translation>
    </message>
    <message>
        <source>laser excision</source>
        <translation>escisión con láser</translation>
    </message>
    <message>
        <source>late: was due {day}</source>
        <translation>con retraso: vencía el {day}</translation>
    </message>
    <message>
        <source>later</source>
        <translation>después</translation>
    </message>
    <message>
        <source>lateral left</source>
        <translation>lateral izquierda</translation>
    </message>
    <message>
        <source>lateral right</source>
        <translation>lateral derecha</translation>
    </message>
    <message>
        <source>learn from a library, or take a model that reads white light + fluorescence</source>
        <translation>entrene con una biblioteca, o tome un modelo que lea luz blanca + fluorescencia</translation>
    </message>
    <message>
        <source>learn from pairs of these sources</source>
        <translation>entrene con pares de estas fuentes</translation>
    </message>
    <message>
        <source>learn it again, or ask who made it</source>
        <translation>vuelva a entrenarlo, o pregunte a quien lo creó</translation>
    </message>
    <message>
        <source>learn it again, with another name and other words for what it was trained on, also if they do not mean her</source>
        <translation>vuelva a entrenarlo, con otro nombre y otras palabras para los datos con que se entrenó, aunque no se refieran a ella</translation>
    </message>
    <message>
        <source>learn under another name, or move that one out of {folder}</source>
        <translation>entrene con otro nombre, o mueva aquel fuera de {folder}</translation>
    </message>
    <message>
        <source>learned</source>
        <comment>state of a run</comment>
        <translation>aprendida</translation>
    </message>
    <message>
        <source>learning now</source>
        <translation>aprendiendo ahora</translation>
    </message>
    <message>
        <source>learning part</source>
        <comment>kind of record</comment>
        <translation>parte de aprendizaje</translation>
    </message>
    <message>
        <source>learning run</source>
        <comment>kind of record</comment>
        <translation>ejecución de aprendizaje</translation>
    </message>
    <message>
        <source>leave her on record, and write in her visit what is wrong with it</source>
        <translation>déjela registrada, y escriba en la visita de la paciente qué hay de incorrecto</translation>
    </message>
    <message>
        <source>leave it as it is</source>
        <translation>déjelo como está</translation>
    </message>
    <message>
        <source>leave it on record, and write in the findings what is wrong with it</source>
        <translation>déjela registrada, y escriba en los hallazgos qué hay de incorrecto</translation>
    </message>
    <message>
        <source>leave it out or correct it</source>
        <translation>omítalo o corríjalo</translation>
    </message>
    <message>
        <source>leave it out, and look at its pictures</source>
        <translation>omítalo, y examine sus imágenes</translation>
    </message>
    <message>
        <source>leave it out, or give another</source>
        <translation>omítalo, o indique otro</translation>
    </message>
    <message>
        <source>leave it to another reader; you may decide between them</source>
        <translation>déjelo a otro lector; usted puede decidir entre ellos</translation>
    </message>
    <message>
        <source>leave it, or take the reads back in Annotate first</source>
        <translation>déjela, o retire primero las lecturas en Anotación</translation>
    </message>
    <message>
        <source>leave this step out, or give a reason for using iodine all the same</source>
        <translation>omita este paso, o indique un motivo para usar yodo de todos modos</translation>
    </message>
    <message numerus="yes">
        <source>leaving out %n picture(s)</source>
        <translation>
            <numerusform>omisión de %n imagen</numerusform>
            <numerusform>omisión de %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>left</source>
        <comment>side of the patient</comment>
        <translation>izquierda</translation>
    </message>
    <message>
        <source>left</source>
        <comment>where to swing</comment>
        <translation>a la izquierda</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>omitido</translation>
    </message>
    <message>
        <source>left out by hand</source>
        <translation>omitida a mano</translation>
    </message>
    <message>
        <source>left to the camera</source>
        <translation>lo decide la cámara</translation>
    </message>
    <message>
        <source>lesion</source>
        <translation>lesión</translation>
    </message>
    <message>
        <source>lesion</source>
        <comment>kind of record</comment>
        <translation>lesión</translation>
    </message>
    <message>
        <source>lesion {label}</source>
        <translation>lesión {label}</translation>
    </message>
    <message>
        <source>lesion {number}</source>
        <translation>lesión {number}</translation>
    </message>
    <message>
        <source>let the name end in .png</source>
        <translation>haga que el nombre termine en .png</translation>
    </message>
    <message>
        <source>let the name end in {endings}</source>
        <translation>haga que el nombre termine en {endings}</translation>
    </message>
    <message>
        <source>leukoplakia</source>
        <translation>leucoplasia</translation>
    </message>
    <message>
        <source>leukoplakia (keratosis)</source>
        <translation>leucoplasia (queratosis)</translation>
    </message>
    <message>
        <source>libraries, settings and models are untouched</source>
        <translation>las bibliotecas, los ajustes y los modelos están intactos</translation>
    </message>
    <message>
        <source>light changed while it was taken</source>
        <translation>la luz cambió mientras se tomaba</translation>
    </message>
    <message>
        <source>like 14 Mar 1988</source>
        <translation>p. ej., 14 mar 1988</translation>
    </message>
    <message>
        <source>like 14 Mar 2026</source>
        <translation>p. ej., 14 mar 2026</translation>
    </message>
    <message>
        <source>like 2026-03-14 10:15, or the day alone</source>
        <translation>p. ej., 2026-03-14 10:15, o solo el día</translation>
    </message>
    <message>
        <source>like HPV positive</source>
        <translation>p. ej., VPH positivo</translation>
    </message>
    <message>
        <source>likeliest: {grade} {share:.2f}</source>
        <translation>más probable: {grade} {share:.2f}</translation>
    </message>
    <message>
        <source>likely</source>
        <comment>how sure</comment>
        <translation>probable</translation>
    </message>
    <message>
        <source>limited</source>
        <comment>quality</comment>
        <translation>limitada</translation>
    </message>
    <message>
        <source>line {line}</source>
        <translation>línea {line}</translation>
    </message>
    <message>
        <source>line {line} (patient {patient}, {picture})</source>
        <translation>línea {line} (paciente {patient}, {picture})</translation>
    </message>
    <message>
        <source>line {line}: {file}</source>
        <translation>línea {line}: {file}</translation>
    </message>
    <message>
        <source>line {line}: {grade}</source>
        <translation>línea {line}: {grade}</translation>
    </message>
    <message>
        <source>line {line}: {problem}</source>
        <translation>línea {line}: {problem}</translation>
    </message>
    <message>
        <source>line {number} of the audit trail cannot be read: it is not what was written</source>
        <translation>la línea {number} del registro de auditoría no se puede leer: no es lo que se escribió</translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is not what was written, or lines before it were altered, removed or moved</source>
        <translation>la línea {number} del archivo (número {in_trail} del registro) no es lo que se escribió, o se alteraron, quitaron o movieron líneas anteriores</translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is out of order</source>
        <translation>la línea {number} del archivo (número {in_trail} del registro) está fuera de orden</translation>
    </message>
    <message>
        <source>line {number} of the file is not a line of an audit trail</source>
        <translation>la línea {number} del archivo no es una línea de un registro de auditoría</translation>
    </message>
    <message>
        <source>lines {first} and {second} name the same file</source>
        <translation>las líneas {first} y {second} indican el mismo archivo</translation>
    </message>
    <message>
        <source>little glare</source>
        <translation>pocos reflejos</translation>
    </message>
    <message>
        <source>little overlap</source>
        <translation>poca superposición</translation>
    </message>
    <message>
        <source>live</source>
        <translation>en vivo</translation>
    </message>
    <message>
        <source>living with HIV</source>
        <translation>vive con VIH</translation>
    </message>
    <message>
        <source>load the pair again</source>
        <translation>cargar de nuevo el par</translation>
    </message>
    <message>
        <source>local cases</source>
        <translation>casos locales</translation>
    </message>
    <message>
        <source>local model, trained on {data}</source>
        <translation>modelo local, entrenado en {data}</translation>
    </message>
    <message>
        <source>local model, trained on {data}, from {origin}</source>
        <translation>modelo local, entrenado en {data}, de {origin}</translation>
    </message>
    <message>
        <source>look at `status` first, or place points by hand</source>
        <translation>mire primero `status`, o coloque puntos a mano</translation>
    </message>
    <message>
        <source>look at each picture, blank what names somebody, and say so (--pixels-looked-at)</source>
        <translation>mire cada imagen, tape lo que identifique a alguien, y confírmelo (--pixels-looked-at)</translation>
    </message>
    <message>
        <source>look at each picture, blank what names the patient, and say so</source>
        <translation>mire cada imagen, tape lo que identifique a la paciente, y confírmelo</translation>
    </message>
    <message>
        <source>look at its cable</source>
        <translation>revise su cable</translation>
    </message>
    <message>
        <source>look at its power and its cable</source>
        <translation>revise su alimentación y su cable</translation>
    </message>
    <message>
        <source>look at lamp and filters, then take again</source>
        <translation>revise la lámpara y los filtros, y repita la toma</translation>
    </message>
    <message>
        <source>look at the camera, then take again</source>
        <translation>revise la cámara, y repita la toma</translation>
    </message>
    <message>
        <source>look at the camera, then take it again</source>
        <translation>revise la cámara, y vuelva a tomarlo</translation>
    </message>
    <message>
        <source>look at the camera, then try again</source>
        <translation>revise la cámara, e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>look at the first one: {reason}</source>
        <translation>mire la primera: {reason}</translation>
    </message>
    <message>
        <source>look at the fluorescence camera, then take again</source>
        <translation>revise la cámara de fluorescencia, y repita la toma</translation>
    </message>
    <message>
        <source>look at the pictures one by one</source>
        <translation>mire las imágenes una por una</translation>
    </message>
    <message>
        <source>look at the present state and repeat the step</source>
        <translation>mire el estado actual y repita el paso</translation>
    </message>
    <message>
        <source>look at the white-light camera, then take again</source>
        <translation>revise la cámara de luz blanca, y repita la toma</translation>
    </message>
    <message>
        <source>look for {file}, from which that version was installed, and name it: pfm update back --installer FILE</source>
        <translation>busque {file}, con el que se instaló esa versión, e indíquelo: pfm update back --installer FILE</translation>
    </message>
    <message>
        <source>look into the quarantine of the virus scanner and let it give the file back, or install the program again</source>
        <translation>mire en la cuarentena del antivirus y haga que devuelva el archivo, o instale el programa de nuevo</translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`</source>
        <translation>búsquela con `pfm export visits`</translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`; give at least {count} characters</source>
        <translation>búsquela con `pfm export visits`; indique al menos {count} caracteres</translation>
    </message>
    <message>
        <source>look the path up in the manual of the camera</source>
        <translation>busque la ruta en el manual de la cámara</translation>
    </message>
    <message>
        <source>look what is wrong with it (pfm library verify), and bring back a backup</source>
        <translation>mire qué le ocurre (pfm library verify), y restaure una copia de seguridad</translation>
    </message>
    <message>
        <source>look what it is, and rename it</source>
        <translation>mire qué es y cámbiele el nombre</translation>
    </message>
    <message>
        <source>look whether the library's disk is there and has room, then try again</source>
        <translation>compruebe que el disco de la biblioteca está conectado y tiene espacio, e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>look whether the two cameras are swapped</source>
        <translation>compruebe si las dos cámaras están intercambiadas</translation>
    </message>
    <message>
        <source>looks like one of the other light</source>
        <translation>parece una de la otra luz</translation>
    </message>
    <message>
        <source>loop</source>
        <comment>Taken with</comment>
        <translation>asa</translation>
    </message>
    <message>
        <source>loss (lower is better)</source>
        <translation>pérdida (cuanto menor, mejor)</translation>
    </message>
    <message>
        <source>loupe</source>
        <translation>lupa</translation>
    </message>
    <message>
        <source>low</source>
        <comment>Swede score</comment>
        <translation>baja</translation>
    </message>
    <message>
        <source>low</source>
        <comment>grade</comment>
        <translation>bajo grado</translation>
    </message>
    <message>
        <source>low (LSIL, CIN1)</source>
        <translation>bajo grado (LSIL, CIN1)</translation>
    </message>
    <message>
        <source>low risk</source>
        <translation>bajo riesgo</translation>
    </message>
    <message>
        <source>lower two thirds</source>
        <translation>dos tercios inferiores</translation>
    </message>
    <message>
        <source>lugol</source>
        <comment>step of an examination</comment>
        <translation>lugol</translation>
    </message>
    <message>
        <source>macro recall</source>
        <translation>sensibilidad macro</translation>
    </message>
    <message>
        <source>made by hand</source>
        <translation>hecho a mano</translation>
    </message>
    <message>
        <source>made to hold the true grade in {hits:.0f} of 100 such cases, on {data}</source>
        <translation>hecho para contener el grado verdadero en {hits:.0f} de 100 casos así, en {data}</translation>
    </message>
    <message>
        <source>majority</source>
        <translation>mayoría</translation>
    </message>
    <message>
        <source>majority, after AI</source>
        <translation>mayoría, tras la IA</translation>
    </message>
    <message>
        <source>make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation>haga una copia de seguridad antes de cerrar el programa, y reponga desde ella {key_file}: {how}</translation>
    </message>
    <message>
        <source>make a new one</source>
        <translation>cree uno nuevo</translation>
    </message>
    <message>
        <source>make a task in random order, or choose another model in Settings</source>
        <translation>cree una tarea en orden aleatorio, o elija otro modelo en Ajustes</translation>
    </message>
    <message>
        <source>make an encrypted library for real pictures</source>
        <translation>cree una biblioteca cifrada para imágenes reales</translation>
    </message>
    <message>
        <source>make and change accounts</source>
        <translation>crear y cambiar cuentas</translation>
    </message>
    <message>
        <source>make and close tasks for readers</source>
        <translation>crear y cerrar tareas para lectores</translation>
    </message>
    <message>
        <source>make somebody else an administrator first</source>
        <translation>nombre primero administrador a otra persona</translation>
    </message>
    <message>
        <source>make the plan again</source>
        <translation>haga de nuevo el plan</translation>
    </message>
    <message>
        <source>make the report again</source>
        <translation>haga de nuevo el informe</translation>
    </message>
    <message>
        <source>making of a pair</source>
        <translation>formación de un par</translation>
    </message>
    <message>
        <source>manifest</source>
        <translation>manifiesto</translation>
    </message>
    <message>
        <source>map of whitening</source>
        <translation>mapa de blanqueamiento</translation>
    </message>
    <message>
        <source>mark a longer part, as 10 mm of a ruler</source>
        <translation>marque un tramo más largo, como 10 mm de una regla</translation>
    </message>
    <message>
        <source>mark both ends of a known length</source>
        <translation>marque ambos extremos de una longitud conocida</translation>
    </message>
    <message>
        <source>mark it again</source>
        <translation>márquelo de nuevo</translation>
    </message>
    <message>
        <source>mark the os (O)</source>
        <translation>marque el orificio externo (O)</translation>
    </message>
    <message>
        <source>mark the os (O; Shift+O: as found)</source>
        <translation>marque el orificio externo (O; Shift+O: el detectado)</translation>
    </message>
    <message>
        <source>marks lie between 0 and {longest:g} seconds after acetic acid</source>
        <translation>las marcas de tiempo están entre 0 y {longest:g} segundos después del ácido acético</translation>
    </message>
    <message>
        <source>may show no cervix</source>
        <translation>quizá no muestre el cuello uterino</translation>
    </message>
    <message>
        <source>metaplasia: crypt openings</source>
        <translation>metaplasia: orificios glandulares</translation>
    </message>
    <message>
        <source>metaplasia: nabothian cysts</source>
        <translation>metaplasia: quistes de Naboth</translation>
    </message>
    <message>
        <source>missed</source>
        <translation>no realizado</translation>
    </message>
    <message>
        <source>missing file</source>
        <translation>falta el archivo</translation>
    </message>
    <message>
        <source>model.toml is as it was brought here on {day}, without a seal: nobody can say what was altered before</source>
        <translation>model.toml está como se trajo aquí el {day}, sin sello: nadie puede decir qué se alteró antes</translation>
    </message>
    <message>
        <source>model.toml is as it was made</source>
        <translation>model.toml está como se creó</translation>
    </message>
    <message>
        <source>models and answers are unchanged</source>
        <translation>los modelos y las respuestas no se han modificado</translation>
    </message>
    <message>
        <source>more contrast</source>
        <translation>más contraste</translation>
    </message>
    <message>
        <source>more than 8 weeks: was due {day}</source>
        <translation>más de 8 semanas; venció el {day}</translation>
    </message>
    <message>
        <source>more than {count} years ago: it may be a birth date</source>
        <translation>hace más de {count} años: podría ser una fecha de nacimiento</translation>
    </message>
    <message>
        <source>most (L* {peak:+.1f}) at {seconds:.0f} s</source>
        <translation>máximo (L* {peak:+.1f}) a los {seconds:.0f} s</translation>
    </message>
    <message>
        <source>most whitening</source>
        <translation>máximo blanqueamiento</translation>
    </message>
    <message>
        <source>move closer</source>
        <translation>acercar</translation>
    </message>
    <message numerus="yes">
        <source>move of %n picture(s)</source>
        <translation>
            <numerusform>traslado de %n imagen</numerusform>
            <numerusform>traslado de %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>move that file away to go on without a way back; the backups and programs stay where they are</source>
        <translation>aparte ese archivo para seguir sin poder volver atrás; las copias y los programas quedan donde están</translation>
    </message>
    <message>
        <source>move that file away; the databases themselves lie in the folder 'set-aside' of their libraries</source>
        <translation>aparte ese archivo; las bases de datos mismas están en la carpeta 'set-aside' de sus bibliotecas</translation>
    </message>
    <message>
        <source>move {ways}</source>
        <translation>mover {ways}</translation>
    </message>
    <message>
        <source>much glare: tilt the light or dab the surface dry</source>
        <translation>muchos reflejos: incline la luz o seque la superficie con toques suaves</translation>
    </message>
    <message>
        <source>mucus or blood over the os</source>
        <translation>moco o sangre sobre el orificio externo</translation>
    </message>
    <message>
        <source>name</source>
        <translation>nombre</translation>
    </message>
    <message>
        <source>name a file</source>
        <translation>indique un archivo</translation>
    </message>
    <message>
        <source>name a file in it</source>
        <translation>indique un archivo dentro de ella</translation>
    </message>
    <message>
        <source>name a file that was exported</source>
        <translation>indique un archivo que se haya exportado</translation>
    </message>
    <message>
        <source>name a folder</source>
        <translation>indique una carpeta</translation>
    </message>
    <message>
        <source>name a new folder, such as {folder}</source>
        <translation>indique una carpeta nueva, como {folder}</translation>
    </message>
    <message>
        <source>name a white-light picture, a fluorescence picture, or both</source>
        <translation>indique una imagen de luz blanca, una de fluorescencia, o ambas</translation>
    </message>
    <message>
        <source>name another folder with --prepared, or delete this one to have it made again</source>
        <translation>indique otra carpeta con --prepared, o elimine esta para que se cree de nuevo</translation>
    </message>
    <message>
        <source>name at least one</source>
        <translation>indique al menos una</translation>
    </message>
    <message>
        <source>name of the patient</source>
        <translation>nombre de la paciente</translation>
    </message>
    <message>
        <source>name one picture file</source>
        <translation>indique un archivo de imagen</translation>
    </message>
    <message>
        <source>name one picture file in it</source>
        <translation>indique un archivo de imagen dentro de ella</translation>
    </message>
    <message>
        <source>name one video file</source>
        <translation>indique un archivo de video</translation>
    </message>
    <message>
        <source>name the CSV file in it</source>
        <translation>indique el archivo CSV dentro de ella</translation>
    </message>
    <message>
        <source>names a day on which a woman of this library was seen or born ({found})</source>
        <translation>menciona un día en que una paciente de esta biblioteca fue atendida o nació ({found})</translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is a name of hers)</source>
        <translation>menciona a una paciente de esta biblioteca ({found!r} es un nombre suyo)</translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is an identifier of hers)</source>
        <translation>menciona a una paciente de esta biblioteca ({found!r} es un identificador suyo)</translation>
    </message>
    <message>
        <source>names say two numbers: {numbers}</source>
        <translation>los nombres dicen dos números: {numbers}</translation>
    </message>
    <message>
        <source>nearer to it</source>
        <translation>más cerca</translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, is on record for another woman ({identifier})</source>
        <translation>casi la misma imagen, del mismo segundo, está registrada para otra paciente ({identifier})</translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, stands under another woman too</source>
        <translation>casi la misma imagen, del mismo segundo, figura también en otra paciente</translation>
    </message>
    <message>
        <source>necrosis</source>
        <translation>necrosis</translation>
    </message>
    <message>
        <source>negative</source>
        <comment>HPV, high risk</comment>
        <translation>negativo</translation>
    </message>
    <message>
        <source>negative</source>
        <comment>p16</comment>
        <translation>negativo</translation>
    </message>
    <message>
        <source>neither the picture, nor a name, nor the file's time says it</source>
        <translation>no lo dicen ni la imagen, ni un nombre, ni la hora del archivo</translation>
    </message>
    <message>
        <source>never</source>
        <comment>Smoking</comment>
        <translation>nunca</translation>
    </message>
    <message>
        <source>new in this library</source>
        <translation>nueva en esta biblioteca</translation>
    </message>
    <message>
        <source>new result since the letter</source>
        <translation>resultado nuevo después de la carta</translation>
    </message>
    <message>
        <source>next</source>
        <translation>siguiente</translation>
    </message>
    <message>
        <source>no</source>
        <comment>Pregnant</comment>
        <translation>no</translation>
    </message>
    <message>
        <source>no</source>
        <comment>Hysterectomy</comment>
        <translation>no</translation>
    </message>
    <message>
        <source>no</source>
        <translation>no</translation>
    </message>
    <message>
        <source>no AI answer in this report</source>
        <translation>sin respuesta de la IA en este informe</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>sin respuesta</translation>
    </message>
    <message>
        <source>no answer is shown or kept</source>
        <translation>no se muestra ni se guarda ninguna respuesta</translation>
    </message>
    <message>
        <source>no answer was given: {reason}</source>
        <translation>no se dio ninguna respuesta: {reason}</translation>
    </message>
    <message>
        <source>no backup was made: the database of the library {path}, or the disk of the backup, is damaged ({wrong})</source>
        <translation>no se hizo ninguna copia de seguridad: está dañada la base de datos de la biblioteca {path}, o el disco de la copia ({wrong})</translation>
    </message>
    <message>
        <source>no bands are called {key!r}</source>
        <translation>no hay rangos llamados {key!r}</translation>
    </message>
    <message>
        <source>no board of squares is seen in this picture</source>
        <translation>no se ve ningún tablero de cuadros en esta imagen</translation>
    </message>
    <message>
        <source>no case</source>
        <translation>sin caso</translation>
    </message>
    <message>
        <source>no case of the locked test has a label</source>
        <translation>ningún caso de la prueba bloqueada tiene etiqueta</translation>
    </message>
    <message>
        <source>no cervix</source>
        <translation>sin cuello uterino</translation>
    </message>
    <message>
        <source>no cervix is seen</source>
        <translation>no se ve el cuello uterino</translation>
    </message>
    <message>
        <source>no cervix is seen: bring it into view</source>
        <translation>no se ve el cuello uterino: llévelo al campo visual</translation>
    </message>
    <message>
        <source>no colour</source>
        <translation>sin color</translation>
    </message>
    <message>
        <source>no dark frame was taken: of {wanted} frames {found} came (the camera is {state})</source>
        <translation>no se tomó ningún fotograma oscuro: de {wanted} fotogramas llegaron {found} (la cámara está: {state})</translation>
    </message>
    <message>
        <source>no dark frame was taken: {problem}</source>
        <translation>no se tomó ningún fotograma oscuro: {problem}</translation>
    </message>
    <message>
        <source>no examination was begun in this visit</source>
        <translation>no se inició ninguna exploración en esta visita</translation>
    </message>
    <message>
        <source>no figures were written</source>
        <translation>no se escribió ninguna cifra</translation>
    </message>
    <message>
        <source>no fluorescence picture was taken: {problem}</source>
        <translation>no se tomó ninguna imagen de fluorescencia: {problem}</translation>
    </message>
    <message>
        <source>no frame of it can be read</source>
        <translation>no se puede leer ningún fotograma</translation>
    </message>
    <message>
        <source>no frame of this clip can be read</source>
        <translation>no se puede leer ningún fotograma de este clip</translation>
    </message>
    <message>
        <source>no glare</source>
        <translation>sin reflejos</translation>
    </message>
    <message>
        <source>no interval</source>
        <translation>sin intervalo</translation>
    </message>
    <message>
        <source>no key</source>
        <translation>sin tecla</translation>
    </message>
    <message>
        <source>no label, and no impression</source>
        <translation>sin etiqueta ni impresión</translation>
    </message>
    <message>
        <source>no lesion {answer} is documented</source>
        <translation>no hay ninguna lesión {answer} documentada</translation>
    </message>
    <message>
        <source>no map is shown or kept</source>
        <translation>no se muestra ni se guarda ningún mapa</translation>
    </message>
    <message>
        <source>no model in {folder}: {file} is missing</source>
        <translation>no hay ningún modelo en {folder}: falta {file}</translation>
    </message>
    <message>
        <source>no model was written</source>
        <translation>no se escribió ningún modelo</translation>
    </message>
    <message>
        <source>no model was written, and the epochs before are kept</source>
        <translation>no se escribió ningún modelo, y se conservan las épocas anteriores</translation>
    </message>
    <message>
        <source>no name</source>
        <translation>sin nombre</translation>
    </message>
    <message>
        <source>no name of a folder or file says it</source>
        <translation>ningún nombre de carpeta o archivo lo dice</translation>
    </message>
    <message>
        <source>no name says it</source>
        <translation>ningún nombre lo dice</translation>
    </message>
    <message>
        <source>no name says the stage</source>
        <translation>ningún nombre dice la fase</translation>
    </message>
    <message>
        <source>no pair has a picture of the second source: pair them in Review</source>
        <translation>ningún par tiene una imagen de la segunda fuente: emparéjelas en Revisión</translation>
    </message>
    <message>
        <source>no pair is in front.</source>
        <translation>no hay ningún par a la vista.</translation>
    </message>
    <message>
        <source>no pair is {sources}</source>
        <translation>ningún par es {sources}</translation>
    </message>
    <message>
        <source>no pair of pictures</source>
        <translation>sin par de imágenes</translation>
    </message>
    <message>
        <source>no pair was taken: {problem}</source>
        <translation>no se tomó ningún par: {problem}</translation>
    </message>
    <message>
        <source>no password was changed</source>
        <translation>no se cambió ninguna contraseña</translation>
    </message>
    <message>
        <source>no patient</source>
        <translation>sin paciente</translation>
    </message>
    <message>
        <source>no picture</source>
        <translation>sin imagen</translation>
    </message>
    <message>
        <source>no picture can be read</source>
        <translation>no se puede leer ninguna imagen</translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time</source>
        <translation>no llegó a tiempo ninguna imagen de fluorescencia</translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time (the camera is {state})</source>
        <translation>no llegó a tiempo ninguna imagen de fluorescencia (la cámara está: {state})</translation>
    </message>
    <message>
        <source>no picture in white light came from the camera</source>
        <translation>la cámara no envió ninguna imagen de luz blanca</translation>
    </message>
    <message>
        <source>no picture in white light came in time</source>
        <translation>no llegó a tiempo ninguna imagen de luz blanca</translation>
    </message>
    <message>
        <source>no picture in white light came in time (the camera is {state})</source>
        <translation>no llegó a tiempo ninguna imagen de luz blanca (la cámara está: {state})</translation>
    </message>
    <message>
        <source>no picture of it says when it was taken</source>
        <translation>ninguna de sus imágenes dice cuándo se tomó</translation>
    </message>
    <message>
        <source>no picture shows anything</source>
        <translation>ninguna imagen muestra nada</translation>
    </message>
    <message>
        <source>no picture was given</source>
        <translation>no se indicó ninguna imagen</translation>
    </message>
    <message>
        <source>no pot any more</source>
        <translation>ya sin frasco</translation>
    </message>
    <message>
        <source>no pot, no result awaited</source>
        <translation>sin frasco, no se espera resultado</translation>
    </message>
    <message>
        <source>no producer for GenICam is installed</source>
        <translation>no hay ningún productor de GenICam instalado</translation>
    </message>
    <message>
        <source>no read can be kept, this library is open for reading only: {why}</source>
        <translation>no se puede guardar ninguna lectura: esta biblioteca está abierta solo para lectura: {why}</translation>
    </message>
    <message>
        <source>no read can be kept: this task is closed</source>
        <translation>no se puede guardar ninguna lectura: esta tarea está cerrada</translation>
    </message>
    <message>
        <source>no read can be kept: your account may not do this in this library</source>
        <translation>no se puede guardar ninguna lectura: su cuenta no puede hacerlo en esta biblioteca</translation>
    </message>
    <message>
        <source>no read can be kept: {reader} opened this task, and {who} is the reader now</source>
        <translation>no se puede guardar ninguna lectura: {reader} abrió esta tarea, y ahora lee {who}</translation>
    </message>
    <message>
        <source>no reason given</source>
        <translation>no se indicó el motivo</translation>
    </message>
    <message>
        <source>no reason is on record</source>
        <translation>no consta ningún motivo</translation>
    </message>
    <message>
        <source>no reliable match</source>
        <translation>sin correspondencia fiable</translation>
    </message>
    <message>
        <source>no report was made</source>
        <translation>no se hizo ningún informe</translation>
    </message>
    <message>
        <source>no report was made, and what was signed is unchanged</source>
        <translation>no se hizo ningún informe, y lo firmado no se ha modificado</translation>
    </message>
    <message>
        <source>no report was written</source>
        <translation>no se escribió ningún informe</translation>
    </message>
    <message>
        <source>no result will come</source>
        <translation>no habrá resultado</translation>
    </message>
    <message>
        <source>no structure</source>
        <translation>sin estructura</translation>
    </message>
    <message>
        <source>no task was made</source>
        <translation>no se creó ninguna tarea</translation>
    </message>
    <message>
        <source>no training was begun</source>
        <translation>no se inició ningún entrenamiento</translation>
    </message>
    <message>
        <source>no two pictures were put together as a pair</source>
        <translation>no se unieron dos imágenes como par</translation>
    </message>
    <message>
        <source>no update was installed here by this user</source>
        <translation>este usuario no instaló aquí ninguna actualización</translation>
    </message>
    <message>
        <source>no visit was found to export</source>
        <translation>no se encontró ninguna visita para exportar</translation>
    </message>
    <message>
        <source>no visit was named</source>
        <translation>no se indicó ninguna visita</translation>
    </message>
    <message>
        <source>no woman is left for {part}</source>
        <translation>no queda ninguna paciente para {part}</translation>
    </message>
    <message numerus="yes">
        <source>no, %n (woman|women) missing</source>
        <translation>
            <numerusform>falta %n pac.</numerusform>
            <numerusform>faltan %n pac.</numerusform>
        </translation>
    </message>
    <message>
        <source>nobody has said it yet: the files call her Unassigned, and after she is known they are other ones</source>
        <translation>nadie lo ha dicho aún: los archivos la llaman Unassigned y, cuando se sepa quién es, serán otros</translation>
    </message>
    <message>
        <source>nobody has said who its woman is: assign its visit</source>
        <translation>nadie ha dicho quién es su paciente: asigne su visita</translation>
    </message>
    <message>
        <source>nobody has said who the woman is: assign the visit to a patient first</source>
        <translation>nadie ha dicho quién es la paciente: asigne primero la visita a una paciente</translation>
    </message>
    <message>
        <source>nobody has said who this woman is either</source>
        <translation>nadie ha dicho tampoco quién es esta paciente</translation>
    </message>
    <message>
        <source>nobody has said whose these visits are: they are not compared</source>
        <translation>nadie ha dicho de quién son estas visitas: no se comparan</translation>
    </message>
    <message>
        <source>nobody in this library is called {pseudonym!r} in an export</source>
        <translation>nadie en esta biblioteca se llama {pseudonym!r} en una exportación</translation>
    </message>
    <message>
        <source>nobody is signed in</source>
        <translation>nadie ha iniciado sesión</translation>
    </message>
    <message>
        <source>nobody named</source>
        <translation>paciente sin nombrar</translation>
    </message>
    <message>
        <source>nobody said that the pictures were looked at for names drawn into them</source>
        <translation>nadie dijo que se hubieran examinado las imágenes en busca de nombres dibujados en ellas</translation>
    </message>
    <message>
        <source>nobody signed {part}</source>
        <translation>nadie firmó {part}</translation>
    </message>
    <message>
        <source>noisy</source>
        <translation>con ruido</translation>
    </message>
    <message>
        <source>non-stained</source>
        <comment>Lugol's iodine</comment>
        <translation>no teñida</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Lesions</comment>
        <translation>ninguna</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Acetowhite</comment>
        <translation>ausente</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Excision</comment>
        <translation>ninguna</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier treatment</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier colposcopy</comment>
        <translation>ninguna</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Anticoagulants</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Contraception</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>HPV vaccination</comment>
        <translation>ninguna</translation>
    </message>
    <message>
        <source>none</source>
        <comment>no keys</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>whitening</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>no models</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>readers differ</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>result</comment>
        <translation>ninguno</translation>
    </message>
    <message>
        <source>none</source>
        <comment>impression</comment>
        <translation>ninguna</translation>
    </message>
    <message>
        <source>none</source>
        <comment>pictures</comment>
        <translation>ninguna</translation>
    </message>
    <message>
        <source>none from {first:.0f} s up to {last} after acid</source>
        <translation>ninguno desde los {first:.0f} s hasta {last} después del ácido</translation>
    </message>
    <message>
        <source>none given</source>
        <translation>no consta</translation>
    </message>
    <message>
        <source>none needed</source>
        <translation>no necesaria</translation>
    </message>
    <message>
        <source>none of the cases can be used</source>
        <translation>no se puede usar ninguno de los casos</translation>
    </message>
    <message>
        <source>none of the {cases} cases can be used</source>
        <translation>no se puede usar ninguno de los {cases} casos</translation>
    </message>
    <message>
        <source>none of these visits has a picture that can go out</source>
        <translation>ninguna de estas visitas tiene una imagen que pueda salir</translation>
    </message>
    <message>
        <source>none up to {last} after acid</source>
        <translation>ninguno hasta {last} después del ácido</translation>
    </message>
    <message>
        <source>none was taken</source>
        <comment>epoch</comment>
        <translation>no se tomó ninguna</translation>
    </message>
    <message>
        <source>none yet</source>
        <translation>aún ninguno</translation>
    </message>
    <message>
        <source>none: taken at random</source>
        <translation>ninguno: tomada al azar</translation>
    </message>
    <message>
        <source>normal</source>
        <comment>grade</comment>
        <translation>normal</translation>
    </message>
    <message>
        <source>normal or CIN1</source>
        <translation>normal o CIN1</translation>
    </message>
    <message>
        <source>normal or benign</source>
        <translation>normal o benigno</translation>
    </message>
    <message>
        <source>not a file</source>
        <translation>no es un archivo</translation>
    </message>
    <message>
        <source>not a lesion outline, no guide for biopsies</source>
        <translation>no es el contorno de una lesión ni una guía para biopsias</translation>
    </message>
    <message>
        <source>not a picture</source>
        <translation>no es una imagen</translation>
    </message>
    <message>
        <source>not aligned</source>
        <translation>no alineado</translation>
    </message>
    <message>
        <source>not aligned: {reason}</source>
        <translation>no alineado: {reason}</translation>
    </message>
    <message>
        <source>not assessed</source>
        <translation>sin evaluar</translation>
    </message>
    <message>
        <source>not better</source>
        <comment>state of a run</comment>
        <translation>no mejor</translation>
    </message>
    <message>
        <source>not brought back: {problem}. Its record is there. Look for the picture in another backup and put it back with pfm library repair NEW_FOLDER --from OTHER_BACKUP; the library, where it is still there, puts it into {folder} with pfm library backup --check</source>
        <translation>no se restauró: {problem}. Su registro existe. Busque la imagen en otra copia de seguridad y repóngala con pfm library repair NEW_FOLDER --from OTHER_BACKUP; la biblioteca, si todavía existe, la pone en {folder} con pfm library backup --check</translation>
    </message>
    <message>
        <source>not calibrated: no mm</source>
        <translation>sin calibrar: sin mm</translation>
    </message>
    <message>
        <source>not checked</source>
        <comment>how far a picture is from what the model learned from</comment>
        <translation>no comprobado</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>Cytology (Bethesda)</comment>
        <translation>no realizada</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>HPV, high risk</comment>
        <translation>no realizado</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>p16</comment>
        <translation>no realizado</translation>
    </message>
    <message>
        <source>not due</source>
        <translation>aún no procede</translation>
    </message>
    <message>
        <source>not faded to half by {last}, the last frame</source>
        <translation>sin bajar a la mitad hasta {last}, el último fotograma</translation>
    </message>
    <message>
        <source>not faded to half so far</source>
        <translation>sin bajar a la mitad hasta ahora</translation>
    </message>
    <message>
        <source>not fully</source>
        <translation>no por completo</translation>
    </message>
    <message>
        <source>not given</source>
        <translation>no otorgado</translation>
    </message>
    <message>
        <source>not in the
library yet</source>
        <translation>aún no está en
la biblioteca</translation>
    </message>
    <message>
        <source>not in this light</source>
        <translation>no en esta luz</translation>
    </message>
    <message>
        <source>not kept: {problem}</source>
        <translation>no se guardó: {problem}</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>se desconoce</translation>
    </message>
    <message>
        <source>not known to this model</source>
        <translation>desconocido para este modelo</translation>
    </message>
    <message>
        <source>not known whose</source>
        <translation>no se sabe de quién</translation>
    </message>
    <message>
        <source>not named</source>
        <translation>sin nombre indicado</translation>
    </message>
    <message>
        <source>not needed</source>
        <translation>no necesario</translation>
    </message>
    <message>
        <source>not now: {why}</source>
        <translation>ahora no: {why}</translation>
    </message>
    <message>
        <source>not now: {work}</source>
        <translation>ahora no: {work}</translation>
    </message>
    <message>
        <source>not on disk yet: {trouble}</source>
        <translation>aún no en el disco: {trouble}</translation>
    </message>
    <message>
        <source>not on the stage now</source>
        <translation>no está ahora en el visor</translation>
    </message>
    <message>
        <source>not read yet</source>
        <translation>aún sin lectura</translation>
    </message>
    <message>
        <source>not registered</source>
        <translation>no alineadas</translation>
    </message>
    <message>
        <source>not registered: {cause}. Give the white-light and the fluorescence picture of one visit</source>
        <translation>no alineadas: {cause}. Indique la imagen de luz blanca y la de fluorescencia de una misma visita</translation>
    </message>
    <message>
        <source>not registered: {cause}. Points can be placed by hand in the window, pfm-desktop</source>
        <translation>no alineadas: {cause}. Se pueden colocar puntos a mano en la ventana, pfm-desktop</translation>
    </message>
    <message>
        <source>not registered: {reason}</source>
        <translation>no alineadas: {reason}</translation>
    </message>
    <message>
        <source>not said</source>
        <translation>sin indicar</translation>
    </message>
    <message>
        <source>not scored</source>
        <translation>sin puntuar</translation>
    </message>
    <message>
        <source>not seen by the model (not zero)</source>
        <translation>no visto por el modelo (no es cero)</translation>
    </message>
    <message>
        <source>not signed</source>
        <translation>sin firmar</translation>
    </message>
    <message>
        <source>not suppressed</source>
        <translation>no inmunodeprimida</translation>
    </message>
    <message>
        <source>not timed</source>
        <translation>sin cronometrar</translation>
    </message>
    <message>
        <source>not typed</source>
        <translation>no tipificado</translation>
    </message>
    <message>
        <source>not visible</source>
        <translation>no visible</translation>
    </message>
    <message>
        <source>note</source>
        <translation>nota</translation>
    </message>
    <message>
        <source>note, quality or region of pairs without a grade</source>
        <translation>nota, calidad o región de pares sin grado</translation>
    </message>
    <message>
        <source>nothing answers at {name}</source>
        <translation>no hay respuesta en {name}</translation>
    </message>
    <message>
        <source>nothing at opacity 0 %</source>
        <translation>nada con opacidad 0 %</translation>
    </message>
    <message>
        <source>nothing came</source>
        <translation>no llegó nada</translation>
    </message>
    <message>
        <source>nothing from {threshold:.2f} (most {most:.2f})</source>
        <translation>nada desde {threshold:.2f} (máximo {most:.2f})</translation>
    </message>
    <message>
        <source>nothing in it was changed</source>
        <translation>no se modificó nada en ella</translation>
    </message>
    <message>
        <source>nothing in it was run</source>
        <translation>no se ejecutó nada de su contenido</translation>
    </message>
    <message>
        <source>nothing is asked of it</source>
        <translation>no se le consulta nada</translation>
    </message>
    <message>
        <source>nothing is called {key!r} in this form</source>
        <translation>nada se llama {key!r} en este formulario</translation>
    </message>
    <message>
        <source>nothing is not a time</source>
        <translation>un texto vacío no es una hora</translation>
    </message>
    <message>
        <source>nothing is said of its pictures</source>
        <translation>no se dice nada de sus imágenes</translation>
    </message>
    <message>
        <source>nothing is said of this visit yet</source>
        <translation>todavía no se dice nada de esta visita</translation>
    </message>
    <message>
        <source>nothing is shown</source>
        <translation>no se muestra nada</translation>
    </message>
    <message>
        <source>nothing of it was read</source>
        <translation>no se leyó nada de él</translation>
    </message>
    <message>
        <source>nothing of it was recorded</source>
        <translation>no se registró nada de él</translation>
    </message>
    <message>
        <source>nothing on record was removed</source>
        <translation>no se eliminó nada de lo registrado</translation>
    </message>
    <message>
        <source>nothing was added</source>
        <translation>no se añadió nada</translation>
    </message>
    <message>
        <source>nothing was begun, and the model in use stays</source>
        <translation>no se inició nada, y el modelo en uso se mantiene</translation>
    </message>
    <message>
        <source>nothing was brought in</source>
        <translation>no se incorporó nada</translation>
    </message>
    <message>
        <source>nothing was changed</source>
        <translation>no se modificó nada</translation>
    </message>
    <message>
        <source>nothing was changed, and all that was accepted before is where the folder is now</source>
        <translation>no se modificó nada, y todo lo aceptado antes está donde está ahora la carpeta</translation>
    </message>
    <message>
        <source>nothing was changed, and it is not known to be damaged</source>
        <translation>no se modificó nada, y no consta que esté dañada</translation>
    </message>
    <message>
        <source>nothing was changed, and its other parts are there</source>
        <translation>no se modificó nada, y sus otras partes están ahí</translation>
    </message>
    <message>
        <source>nothing was changed, and no reads were shown</source>
        <translation>no se modificó nada, y no se mostró ninguna lectura</translation>
    </message>
    <message>
        <source>nothing was changed, and nothing is lost</source>
        <translation>no se modificó nada, y no se ha perdido nada</translation>
    </message>
    <message>
        <source>nothing was changed: it could pass for another name</source>
        <translation>no se modificó nada: podría confundirse con otro nombre</translation>
    </message>
    <message>
        <source>nothing was changed; its keys are the right ones, and the pictures stand in the folder 'pictures', encrypted</source>
        <translation>no se modificó nada; sus claves son las correctas, y las imágenes están en la carpeta 'pictures', cifradas</translation>
    </message>
    <message>
        <source>nothing was changed; the database and the pictures are there, encrypted</source>
        <translation>no se modificó nada; la base de datos y las imágenes están ahí, cifradas</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures and the database are still there, encrypted</source>
        <translation>no se modificó nada; las imágenes y la base de datos siguen ahí, cifradas</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder 'pictures'</source>
        <translation>no se modificó nada; las imágenes están en la carpeta 'pictures'</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder 'pictures', encrypted</source>
        <translation>no se modificó nada; las imágenes están en la carpeta 'pictures', cifradas</translation>
    </message>
    <message>
        <source>nothing was changed; {key_file} is the right one, as its keys open the pictures</source>
        <translation>no se modificó nada; {key_file} es el correcto, pues sus claves abren las imágenes</translation>
    </message>
    <message>
        <source>nothing was checked</source>
        <translation>no se comprobó nada</translation>
    </message>
    <message>
        <source>nothing was copied</source>
        <translation>no se copió nada</translation>
    </message>
    <message>
        <source>nothing was done</source>
        <translation>no se hizo nada</translation>
    </message>
    <message>
        <source>nothing was exported; the record says that it was begun and not completed</source>
        <translation>no se exportó nada; el registro dice que se inició y no se completó</translation>
    </message>
    <message>
        <source>nothing was loaded from them</source>
        <translation>no se cargó nada de ellos</translation>
    </message>
    <message>
        <source>nothing was made</source>
        <translation>no se creó nada</translation>
    </message>
    <message>
        <source>nothing was opened</source>
        <translation>no se abrió nada</translation>
    </message>
    <message>
        <source>nothing was opened and nothing was changed</source>
        <translation>no se abrió nada y no se modificó nada</translation>
    </message>
    <message>
        <source>nothing was read</source>
        <translation>no se leyó nada</translation>
    </message>
    <message>
        <source>nothing was saved</source>
        <translation>no se guardó nada</translation>
    </message>
    <message>
        <source>nothing was signed</source>
        <translation>no se firmó nada</translation>
    </message>
    <message>
        <source>nothing was signed, and the audit trail is unchanged</source>
        <translation>no se firmó nada, y el registro de auditoría no se ha modificado</translation>
    </message>
    <message>
        <source>nothing was taken</source>
        <translation>no se tomó nada</translation>
    </message>
    <message>
        <source>nothing was trained</source>
        <translation>no se entrenó nada</translation>
    </message>
    <message>
        <source>nothing was written</source>
        <translation>no se escribió nada</translation>
    </message>
    <message>
        <source>nothing was written, and the model in use stays</source>
        <translation>no se escribió nada, y el modelo en uso se mantiene</translation>
    </message>
    <message>
        <source>nothing was written, and what you read before stays as it is</source>
        <translation>no se escribió nada, y lo que usted leyó antes queda como está</translation>
    </message>
    <message>
        <source>nothing wrong</source>
        <translation>nada incorrecto</translation>
    </message>
    <message>
        <source>now</source>
        <translation>ahora</translation>
    </message>
    <message>
        <source>now, by key</source>
        <translation>ahora, con la tecla</translation>
    </message>
    <message>
        <source>now: {indication}</source>
        <translation>ahora: {indication}</translation>
    </message>
    <message>
        <source>obstructed</source>
        <translation>obstruida</translation>
    </message>
    <message>
        <source>odd shape</source>
        <translation>forma extraña</translation>
    </message>
    <message>
        <source>of the clip</source>
        <translation>del clip</translation>
    </message>
    <message>
        <source>of the laboratory</source>
        <translation>del laboratorio</translation>
    </message>
    <message>
        <source>of the meeting</source>
        <translation>del comité</translation>
    </message>
    <message>
        <source>of the report</source>
        <translation>del informe</translation>
    </message>
    <message>
        <source>off centre</source>
        <translation>descentrada</translation>
    </message>
    <message>
        <source>ok</source>
        <comment>registration</comment>
        <translation>correcta</translation>
    </message>
    <message>
        <source>old and new model have not been compared on the locked test</source>
        <translation>el modelo antiguo y el nuevo no se han comparado en la prueba bloqueada</translation>
    </message>
    <message>
        <source>old and new model were compared by an older version of this program, which looked at less</source>
        <translation>el modelo antiguo y el nuevo se compararon con una versión anterior de este programa, que examinaba menos</translation>
    </message>
    <message>
        <source>on another way than the file itself: by telephone, or in a letter</source>
        <translation>por una vía distinta de la del propio archivo: por teléfono o por carta</translation>
    </message>
    <message>
        <source>on the other picture, and the pair is not registered</source>
        <translation>en la otra imagen, y el par no está alineado</translation>
    </message>
    <message>
        <source>on the stage</source>
        <translation>en el visor</translation>
    </message>
    <message>
        <source>on {source}</source>
        <translation>en {source}</translation>
    </message>
    <message>
        <source>on {source}, {stage}</source>
        <translation>en {source}, {stage}</translation>
    </message>
    <message>
        <source>one of its pictures stands in another visit as well</source>
        <translation>una de sus imágenes figura también en otra visita</translation>
    </message>
    <message>
        <source>one picture stands twice: {first} and {second}</source>
        <translation>una imagen figura dos veces: {first} y {second}</translation>
    </message>
    <message>
        <source>one point is no line: nothing was drawn</source>
        <translation>un punto no es una línea: no se dibujó nada</translation>
    </message>
    <message>
        <source>one to one, fit</source>
        <translation>uno a uno, ajustar</translation>
    </message>
    <message>
        <source>one to {most} people read each pair</source>
        <translation>de una a {most} personas leen cada par</translation>
    </message>
    <message>
        <source>only a description in the file's own record says it, perhaps of the whole examination</source>
        <translation>solo lo dice una descripción en el registro del propio archivo, quizá de toda la exploración</translation>
    </message>
    <message>
        <source>only its colours say it: those of fluorescence or of a green filter</source>
        <translation>solo lo dicen sus colores: los de la fluorescencia o de un filtro verde</translation>
    </message>
    <message>
        <source>only its colours say it: those of white light</source>
        <translation>solo lo dicen sus colores: los de la luz blanca</translation>
    </message>
    <message>
        <source>only pictures after acetic acid have a mark</source>
        <translation>solo las imágenes posteriores al ácido acético tienen una marca de tiempo</translation>
    </message>
    <message>
        <source>only the file's time says it, which copying may have changed</source>
        <translation>solo lo dice la hora del archivo, que pudo cambiar al copiarlo</translation>
    </message>
    <message>
        <source>only the first of {count} pictures in the file is read: save the others as files of their own</source>
        <translation>solo se lee la primera de las {count} imágenes del archivo: guarde las demás en archivos propios</translation>
    </message>
    <message>
        <source>only the lower 12 of its 16 bits are used, so it looks dark: export it as 8-bit</source>
        <translation>solo se usan los 12 bits inferiores de sus 16, por lo que se ve oscura: expórtela en 8 bits</translation>
    </message>
    <message numerus="yes">
        <source>only this says that she is {name}, who has %n picture(s) here</source>
        <translation>
            <numerusform>solo esto dice que es {name}, que tiene %n imagen aquí</numerusform>
            <numerusform>solo esto dice que es {name}, que tiene %n imágenes aquí</numerusform>
        </translation>
    </message>
    <message>
        <source>only {where} could say it</source>
        <translation>solo {where} podría decirlo</translation>
    </message>
    <message>
        <source>opaque alpha channel left out</source>
        <translation>canal alfa opaco omitido</translation>
    </message>
    <message>
        <source>open</source>
        <comment>not folded</comment>
        <translation>desplegado</translation>
    </message>
    <message>
        <source>open</source>
        <comment>state of a visit</comment>
        <translation>sin firmar</translation>
    </message>
    <message>
        <source>open it again</source>
        <translation>ábrala de nuevo</translation>
    </message>
    <message>
        <source>open it again, then decide</source>
        <translation>ábrala de nuevo y luego decida</translation>
    </message>
    <message>
        <source>open it first</source>
        <translation>ábrala primero</translation>
    </message>
    <message>
        <source>open it from the list again</source>
        <translation>ábrala de nuevo desde la lista</translation>
    </message>
    <message>
        <source>open it where it can be written</source>
        <translation>ábrala donde se pueda escribir</translation>
    </message>
    <message>
        <source>open it where it can be written, then export again</source>
        <translation>ábrala donde se pueda escribir y luego exporte de nuevo</translation>
    </message>
    <message>
        <source>open it, or choose another folder</source>
        <translation>ábrala, o elija otra carpeta</translation>
    </message>
    <message>
        <source>open the list again</source>
        <translation>abra de nuevo la lista</translation>
    </message>
    <message>
        <source>open the task again</source>
        <translation>abra de nuevo la tarea</translation>
    </message>
    <message>
        <source>open the task again, and go on from there</source>
        <translation>abra de nuevo la tarea, y continúe desde ahí</translation>
    </message>
    <message>
        <source>open the visit again</source>
        <translation>abra de nuevo la visita</translation>
    </message>
    <message>
        <source>open the visit and clear them first</source>
        <translation>abra la visita y bórrelos primero</translation>
    </message>
    <message>
        <source>open the visit and take them away first</source>
        <translation>abra la visita y retire eso primero</translation>
    </message>
    <message>
        <source>open the visit from the list again</source>
        <translation>abra de nuevo la visita desde la lista</translation>
    </message>
    <message>
        <source>opening</source>
        <translation>abriéndose</translation>
    </message>
    <message>
        <source>origin</source>
        <translation>origen</translation>
    </message>
    <message>
        <source>os</source>
        <translation>orificio</translation>
    </message>
    <message>
        <source>os covered</source>
        <translation>orificio externo cubierto</translation>
    </message>
    <message>
        <source>os mark</source>
        <comment>kind of record</comment>
        <translation>marca del orificio externo</translation>
    </message>
    <message>
        <source>os not marked, so no clock hour</source>
        <translation>orificio externo no marcado, por lo que no hay hora del reloj</translation>
    </message>
    <message>
        <source>os? ({key})</source>
        <translation>¿orificio? ({key})</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Inadequate for</comment>
        <translation>otra causa</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Indication</comment>
        <translation>otra</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Earlier treatment</comment>
        <translation>otro</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Anticoagulants</comment>
        <translation>otro</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Contraception</comment>
        <translation>otro</translation>
    </message>
    <message>
        <source>other folders or studies say the same, which may be other women</source>
        <translation>otras carpetas o estudios dicen lo mismo, y podrían ser otras pacientes</translation>
    </message>
    <message>
        <source>other high risk</source>
        <translation>otro de alto riesgo</translation>
    </message>
    <message>
        <source>other specimen</source>
        <translation>otra muestra</translation>
    </message>
    <message>
        <source>out of focus</source>
        <translation>desenfocada</translation>
    </message>
    <message>
        <source>outline without its white-light picture</source>
        <translation>contorno sin su imagen de luz blanca</translation>
    </message>
    <message>
        <source>outside the TZ</source>
        <translation>fuera de la ZT</translation>
    </message>
    <message numerus="yes">
        <source>overdue after %n day(s)</source>
        <translation>
            <numerusform>atrasado tras %n día</numerusform>
            <numerusform>atrasado tras %n días</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>overdue, %n day(s)</source>
        <translation>
            <numerusform>atrasado, %n día</numerusform>
            <numerusform>atrasado, %n días</numerusform>
        </translation>
    </message>
    <message>
        <source>overexposed</source>
        <translation>sobreexpuesta</translation>
    </message>
    <message>
        <source>packed in a way that is not read: unpack the zip first</source>
        <translation>comprimido de una forma que no se lee: descomprima primero el archivo ZIP</translation>
    </message>
    <message>
        <source>page {page} of {pages}</source>
        <translation>página {page} de {pages}</translation>
    </message>
    <message>
        <source>pair</source>
        <comment>of pictures</comment>
        <translation>par</translation>
    </message>
    <message>
        <source>pair</source>
        <translation>par</translation>
    </message>
    <message>
        <source>pair</source>
        <comment>kind of record</comment>
        <translation>par</translation>
    </message>
    <message>
        <source>pairs, drawn at random</source>
        <translation>pares, al azar</translation>
    </message>
    <message>
        <source>palette converted to RGB</source>
        <translation>paleta convertida a RGB</translation>
    </message>
    <message>
        <source>part of a clip</source>
        <translation>parte de un clip</translation>
    </message>
    <message>
        <source>part of a name</source>
        <translation>parte de un nombre</translation>
    </message>
    <message>
        <source>partially visible</source>
        <translation>parcialmente visible</translation>
    </message>
    <message>
        <source>parting of a pair</source>
        <translation>separación de un par</translation>
    </message>
    <message>
        <source>patient</source>
        <comment>kind of record</comment>
        <translation>paciente</translation>
    </message>
    <message>
        <source>per pair</source>
        <translation>por par</translation>
    </message>
    <message>
        <source>perhaps in use by another user of this computer: {why}</source>
        <translation>quizá en uso por otro usuario de este equipo: {why}</translation>
    </message>
    <message>
        <source>perimenopausal</source>
        <translation>perimenopáusica</translation>
    </message>
    <message>
        <source>pfm library verify {path} says whether the library is. If so, copy its folder as it stands, and {way_back}</source>
        <translation>pfm library verify {path} dice si la biblioteca está dañada. En ese caso, copie su carpeta tal como está, y {way_back}</translation>
    </message>
    <message>
        <source>pfm-demo is a demonstration model, trained on phantoms. {models.learn} makes one of your own labels, on this computer, and it answers only once you promote it.</source>
        <translation>pfm-demo es un modelo de demostración, entrenado en fantomas. {models.learn} crea uno a partir de sus propias etiquetas, en este equipo, y solo responde una vez que usted lo promueve.</translation>
    </message>
    <message>
        <source>pfm_desktop, library {library}</source>
        <translation>pfm_desktop, biblioteca {library}</translation>
    </message>
    <message>
        <source>pfm_desktop: second screen</source>
        <translation>pfm_desktop: segunda pantalla</translation>
    </message>
    <message>
        <source>phantoms</source>
        <translation>fantomas</translation>
    </message>
    <message>
        <source>photograph the scale flat, square to the view and in focus, or mark two points on it by hand</source>
        <translation>fotografíe la escala plana, perpendicular a la vista y enfocada, o marque en ella dos puntos a mano</translation>
    </message>
    <message>
        <source>picture</source>
        <translation>imagen</translation>
    </message>
    <message>
        <source>picture</source>
        <comment>kind of record</comment>
        <translation>imagen</translation>
    </message>
    <message>
        <source>picture after Lugol's iodine</source>
        <translation>imagen tras el lugol</translation>
    </message>
    <message>
        <source>picture {number}</source>
        <translation>imagen {number}</translation>
    </message>
    <message>
        <source>picture {number} of the sequence cannot be shown: {message}</source>
        <translation>la imagen {number} de la secuencia no se puede mostrar: {message}</translation>
    </message>
    <message>
        <source>pictures</source>
        <translation>imágenes</translation>
    </message>
    <message>
        <source>pictures and library are not touched</source>
        <translation>las imágenes y la biblioteca no se tocan</translation>
    </message>
    <message>
        <source>pictures move from one visit to another one</source>
        <translation>las imágenes se trasladan de una visita a otra distinta</translation>
    </message>
    <message>
        <source>pictures or answer do not belong to this visit</source>
        <translation>las imágenes o la respuesta no pertenecen a esta visita</translation>
    </message>
    <message>
        <source>pin</source>
        <comment>kind of record</comment>
        <translation>marca</translation>
    </message>
    <message>
        <source>pin {letter}</source>
        <translation>marca {letter}</translation>
    </message>
    <message>
        <source>pin {name}, no pot</source>
        <translation>marca {name}, sin frasco</translation>
    </message>
    <message>
        <source>pins stand on its pair</source>
        <translation>hay marcas de biopsia en su par</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>píxeles</translation>
    </message>
    <message>
        <source>place one spot in both pictures</source>
        <translation>coloque un mismo punto en ambas imágenes</translation>
    </message>
    <message>
        <source>place the missing partner</source>
        <translation>coloque el punto correspondiente que falta</translation>
    </message>
    <message>
        <source>plan</source>
        <comment>of a visit</comment>
        <translation>plan</translation>
    </message>
    <message>
        <source>play it again</source>
        <translation>reprodúzcala de nuevo</translation>
    </message>
    <message>
        <source>plug it in</source>
        <translation>conéctela</translation>
    </message>
    <message>
        <source>plug it in again</source>
        <translation>conéctela de nuevo</translation>
    </message>
    <message>
        <source>plug it in, and check its cable</source>
        <translation>conéctela, y revise su cable</translation>
    </message>
    <message>
        <source>plug it in, and open it again</source>
        <translation>conéctela, y ábrala de nuevo</translation>
    </message>
    <message>
        <source>plug it in, close other programs that show it, and allow desktop programs to use the camera</source>
        <translation>conéctela, cierre otros programas que la muestren, y permita a los programas de escritorio usar la cámara</translation>
    </message>
    <message>
        <source>plug it in, or choose another port</source>
        <translation>conéctela, o elija otro puerto</translation>
    </message>
    <message>
        <source>points file</source>
        <translation>archivo de puntos</translation>
    </message>
    <message>
        <source>points must come in pairs, one in each picture</source>
        <translation>los puntos deben ir en pares, uno en cada imagen</translation>
    </message>
    <message>
        <source>polyp</source>
        <translation>pólipo</translation>
    </message>
    <message>
        <source>polyp, ectocervical</source>
        <translation>pólipo ectocervical</translation>
    </message>
    <message>
        <source>polyp, endocervical</source>
        <translation>pólipo endocervical</translation>
    </message>
    <message>
        <source>positive</source>
        <comment>HPV, high risk</comment>
        <translation>positivo</translation>
    </message>
    <message>
        <source>positive</source>
        <comment>p16</comment>
        <translation>positivo</translation>
    </message>
    <message>
        <source>positive VIA</source>
        <translation>IVAA positiva</translation>
    </message>
    <message>
        <source>postcoital or other bleeding</source>
        <translation>sangrado poscoital u otro</translation>
    </message>
    <message>
        <source>posterior</source>
        <translation>posterior</translation>
    </message>
    <message>
        <source>posterior</source>
        <comment>Vagina, where</comment>
        <translation>posterior</translation>
    </message>
    <message>
        <source>posterior left</source>
        <translation>posterior izquierda</translation>
    </message>
    <message>
        <source>posterior right</source>
        <translation>posterior derecha</translation>
    </message>
    <message>
        <source>postmenopausal</source>
        <translation>posmenopáusica</translation>
    </message>
    <message>
        <source>pot {pot}</source>
        <translation>frasco {pot}</translation>
    </message>
    <message>
        <source>pregnant: {answer}</source>
        <translation>embarazada: {answer}</translation>
    </message>
    <message>
        <source>premenopausal</source>
        <translation>premenopáusica</translation>
    </message>
    <message>
        <source>prepare the pictures again</source>
        <translation>prepare de nuevo las imágenes</translation>
    </message>
    <message>
        <source>prepare them again</source>
        <translation>prepárelas de nuevo</translation>
    </message>
    <message>
        <source>present</source>
        <comment>Lesions</comment>
        <translation>presentes</translation>
    </message>
    <message>
        <source>present</source>
        <comment>Acetowhite</comment>
        <translation>presente</translation>
    </message>
    <message>
        <source>press its own button now</source>
        <translation>pulse ahora su propio botón</translation>
    </message>
    <message>
        <source>pressure</source>
        <comment>Haemostasis</comment>
        <translation>compresión</translation>
    </message>
    <message>
        <source>promoted, but {model} answers here</source>
        <translation>promovido, pero aquí responde {model}</translation>
    </message>
    <message>
        <source>promoted: it answers</source>
        <translation>promovido: es el que responde</translation>
    </message>
    <message>
        <source>punch forceps</source>
        <translation>pinza sacabocados</translation>
    </message>
    <message>
        <source>put back a backup of library.sqlite, or choose another library</source>
        <translation>reponga una copia de seguridad de library.sqlite, o elija otra biblioteca</translation>
    </message>
    <message>
        <source>put back already: {libraries}; nothing else was changed</source>
        <translation>ya se repuso: {libraries}; no se cambió nada más</translation>
    </message>
    <message>
        <source>put its file back from a backup</source>
        <translation>reponga su archivo desde una copia de seguridad</translation>
    </message>
    <message>
        <source>put its parts back from a backup</source>
        <translation>reponga sus partes desde una copia de seguridad</translation>
    </message>
    <message>
        <source>put on the list</source>
        <translation>incluida en la lista</translation>
    </message>
    <message>
        <source>put the file back from a backup, or add the picture again</source>
        <translation>reponga el archivo desde una copia de seguridad, o añada de nuevo la imagen</translation>
    </message>
    <message>
        <source>put the filter in</source>
        <translation>ponga el filtro</translation>
    </message>
    <message>
        <source>put user name and password into the address: http://user:password@...</source>
        <translation>ponga el usuario y la contraseña en la dirección: http://user:password@...</translation>
    </message>
    <message>
        <source>put {file} back from a backup, or choose another folder</source>
        <translation>reponga {file} desde una copia de seguridad, o elija otra carpeta</translation>
    </message>
    <message>
        <source>put {key_file} back from a backup of this library: {how}</source>
        <translation>reponga {key_file} desde una copia de seguridad de esta biblioteca: {how}</translation>
    </message>
    <message>
        <source>put {key_file} back: {how}</source>
        <translation>reponga {key_file}: {how}</translation>
    </message>
    <message>
        <source>quality</source>
        <translation>calidad</translation>
    </message>
    <message>
        <source>quality {quality}</source>
        <translation>calidad {quality}</translation>
    </message>
    <message>
        <source>rapid acetowhitening</source>
        <translation>aparición rápida de epitelio acetoblanco</translation>
    </message>
    <message>
        <source>read</source>
        <comment>kind of record</comment>
        <translation>lectura</translation>
    </message>
    <message>
        <source>read only</source>
        <translation>solo lectura</translation>
    </message>
    <message>
        <source>read the audit trail</source>
        <translation>leer el registro de auditoría</translation>
    </message>
    <message>
        <source>read the picture again</source>
        <translation>lea de nuevo la imagen</translation>
    </message>
    <message>
        <source>readers differ, and nobody has decided between them</source>
        <translation>los lectores difieren, y nadie ha decidido entre ellos</translation>
    </message>
    <message>
        <source>readers say that it cannot be graded</source>
        <translation>los lectores dicen que no se le puede asignar un grado</translation>
    </message>
    <message>
        <source>reads for labels and decisions between readers are written</source>
        <translation>se escriben las lecturas para etiquetas y las decisiones entre lectores</translation>
    </message>
    <message>
        <source>reads for labels are written</source>
        <translation>se escriben las lecturas para etiquetas</translation>
    </message>
    <message>
        <source>reads {reads}</source>
        <translation>lecturas {reads}</translation>
    </message>
    <message>
        <source>reason why it is inadequate</source>
        <translation>motivo de que sea inadecuada</translation>
    </message>
    <message>
        <source>reason: {reason}</source>
        <translation>motivo: {reason}</translation>
    </message>
    <message>
        <source>record a second read instead</source>
        <translation>registre en su lugar una segunda lectura</translation>
    </message>
    <message>
        <source>recording ended by an error of the program</source>
        <translation>la grabación terminó por un error del programa</translation>
    </message>
    <message>
        <source>recording ended: {why}; {kept}</source>
        <translation>la grabación terminó: {why}; {kept}</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is missing: line {line} of the audit trail is the last about it</source>
        <translation>registros: falta {kind} {name}: la línea {line} del registro de auditoría es la última al respecto</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not in the audit trail</source>
        <translation>registros: {kind} {name} no está en el registro de auditoría</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not what the audit trail says (line {line} is the last about it): {fields}</source>
        <translation>registros: {kind} {name} no coincide con lo que dice el registro de auditoría (la línea {line} es la última al respecto): {fields}</translation>
    </message>
    <message>
        <source>records: the {kind} {name} was removed (line {line} of the audit trail), and is there</source>
        <translation>registros: {kind} {name} se quitó (línea {line} del registro de auditoría), pero sigue ahí</translation>
    </message>
    <message>
        <source>records: those of the kind {kind} cannot be read: {why}</source>
        <translation>registros: no se pueden leer los del tipo {kind}: {why}</translation>
    </message>
    <message>
        <source>records: {count} more are not what the audit trail says</source>
        <translation>registros: otros {count} no coinciden con lo que dice el registro de auditoría</translation>
    </message>
    <message>
        <source>red</source>
        <comment>light</comment>
        <translation>rojo</translation>
    </message>
    <message>
        <source>referral</source>
        <comment>kind of record</comment>
        <translation>derivación</translation>
    </message>
    <message>
        <source>refused</source>
        <comment>registration</comment>
        <translation>rechazada</translation>
    </message>
    <message>
        <source>register the pair again</source>
        <translation>registre de nuevo el par</translation>
    </message>
    <message>
        <source>register the pair again, or place points by hand</source>
        <translation>registre de nuevo el par, o coloque puntos a mano</translation>
    </message>
    <message>
        <source>registered</source>
        <translation>alineadas</translation>
    </message>
    <message>
        <source>registered: {status}</source>
        <translation>alineación: {status}</translation>
    </message>
    <message>
        <source>registered: {status}, estimated error {error:.1f} px</source>
        <translation>alineación: {status}, error estimado {error:.1f} px</translation>
    </message>
    <message>
        <source>registering ...</source>
        <translation>alineando ...</translation>
    </message>
    <message>
        <source>registering needs both pictures</source>
        <translation>para registrar se necesitan ambas imágenes</translation>
    </message>
    <message>
        <source>registration</source>
        <translation>registro de imágenes</translation>
    </message>
    <message>
        <source>registration</source>
        <comment>kind of record</comment>
        <translation>registro (de imágenes)</translation>
    </message>
    <message>
        <source>registration uncertain</source>
        <translation>alineación incierta</translation>
    </message>
    <message>
        <source>remove</source>
        <translation>quitar</translation>
    </message>
    <message>
        <source>remove her in the list, with them</source>
        <translation>quite a la paciente en la lista, con ellas</translation>
    </message>
    <message>
        <source>remove it in the list of visits, with that</source>
        <translation>quítela en la lista de visitas, con eso</translation>
    </message>
    <message>
        <source>remove it in the visit, with that</source>
        <translation>quítela en la visita, con eso</translation>
    </message>
    <message>
        <source>remove or rename the folder {folder}: then {name} {version} answers, which came with the program</source>
        <translation>quite o cambie el nombre de la carpeta {folder}: entonces responde {name} {version}, que vino con el programa</translation>
    </message>
    <message>
        <source>remove the contours first</source>
        <translation>quite primero los contornos</translation>
    </message>
    <message>
        <source>remove the contours first, and draw them where the picture belongs</source>
        <translation>quite primero los contornos y dibújelos donde corresponde la imagen</translation>
    </message>
    <message>
        <source>remove the drawing first</source>
        <translation>quite primero el dibujo</translation>
    </message>
    <message>
        <source>remove the os mark first</source>
        <translation>quite primero la marca del orificio externo</translation>
    </message>
    <message>
        <source>remove the pair first</source>
        <translation>quite primero el par</translation>
    </message>
    <message>
        <source>remove the picture here instead</source>
        <translation>en su lugar, quite la imagen aquí</translation>
    </message>
    <message>
        <source>remove the pins first</source>
        <translation>quite primero las marcas de biopsia</translation>
    </message>
    <message>
        <source>remove the pins on one side first</source>
        <translation>quite primero las marcas de biopsia de un lado</translation>
    </message>
    <message>
        <source>remove what was measured first</source>
        <translation>quite primero lo que se midió</translation>
    </message>
    <message>
        <source>rename the folder, or choose another one</source>
        <translation>cambie el nombre de la carpeta o elija otra</translation>
    </message>
    <message>
        <source>replaced</source>
        <comment>state of a run</comment>
        <translation>reemplazada</translation>
    </message>
    <message>
        <source>replaced by a later one</source>
        <translation>reemplazada por una posterior</translation>
    </message>
    <message>
        <source>report as PDF</source>
        <translation>informe en PDF</translation>
    </message>
    <message>
        <source>restore the library from a backup (pfm library restore)</source>
        <translation>restaure la biblioteca desde una copia de seguridad (pfm library restore)</translation>
    </message>
    <message>
        <source>result</source>
        <comment>kind of record</comment>
        <translation>resultado</translation>
    </message>
    <message>
        <source>results pot by pot and the follow-up</source>
        <translation>resultados frasco por frasco y el seguimiento</translation>
    </message>
    <message>
        <source>retake or replace the pictures</source>
        <translation>repita o reemplace las imágenes</translation>
    </message>
    <message>
        <source>retake the pictures</source>
        <translation>repita las imágenes</translation>
    </message>
    <message>
        <source>reveal the AI answer first</source>
        <translation>revele primero la respuesta de la IA</translation>
    </message>
    <message>
        <source>ridge sign</source>
        <translation>signo de la cresta</translation>
    </message>
    <message>
        <source>right</source>
        <comment>side of the patient</comment>
        <translation>derecha</translation>
    </message>
    <message>
        <source>right</source>
        <comment>where to swing</comment>
        <translation>derecha</translation>
    </message>
    <message>
        <source>roll back where it answers, or choose a model in Models</source>
        <translation>vuelva al modelo anterior donde este responde, o elija un modelo en Modelos</translation>
    </message>
    <message>
        <source>rolled back</source>
        <comment>state of a run</comment>
        <translation>revertida</translation>
    </message>
    <message>
        <source>rolled back</source>
        <translation>revertida</translation>
    </message>
    <message>
        <source>running</source>
        <comment>state of a run</comment>
        <translation>en curso</translation>
    </message>
    <message>
        <source>s after acid</source>
        <translation>s tras el ácido</translation>
    </message>
    <message>
        <source>said</source>
        <comment>how sure</comment>
        <translation>indicado</translation>
    </message>
    <message>
        <source>saline</source>
        <translation>suero fisiológico</translation>
    </message>
    <message>
        <source>same grade as the AI</source>
        <translation>mismo grado que la IA</translation>
    </message>
    <message>
        <source>save it with commas</source>
        <translation>guárdelo con comas</translation>
    </message>
    <message>
        <source>save its pictures as files of their own</source>
        <translation>guarde sus imágenes como archivos separados</translation>
    </message>
    <message>
        <source>save single pictures of the examination, or the video as AVI or MKV with MJPG or FFV1</source>
        <translation>guarde imágenes sueltas de la exploración, o el video como AVI o MKV con MJPG o FFV1</translation>
    </message>
    <message>
        <source>say first whose this visit is</source>
        <translation>indique primero de quién es esta visita</translation>
    </message>
    <message>
        <source>say it in one line</source>
        <translation>dígalo en una línea</translation>
    </message>
    <message>
        <source>say which</source>
        <translation>indique cuál</translation>
    </message>
    <message>
        <source>scar</source>
        <translation>cicatriz</translation>
    </message>
    <message>
        <source>screenshot</source>
        <translation>captura de pantalla</translation>
    </message>
    <message>
        <source>search for something else</source>
        <translation>busque otra cosa</translation>
    </message>
    <message>
        <source>seconds after acetic acid</source>
        <translation>segundos tras el ácido acético</translation>
    </message>
    <message>
        <source>seconds after acid</source>
        <translation>segundos tras el ácido</translation>
    </message>
    <message>
        <source>seconds after acid ({why})</source>
        <translation>segundos tras el ácido ({why})</translation>
    </message>
    <message>
        <source>seconds after acid, if known</source>
        <translation>segundos tras el ácido, si se conocen</translation>
    </message>
    <message>
        <source>see names, findings and histology</source>
        <translation>ver nombres, hallazgos e histología</translation>
    </message>
    <message>
        <source>seems to lie on its side</source>
        <translation>parece estar girada de lado</translation>
    </message>
    <message>
        <source>semicolons (;)</source>
        <translation>punto y coma (;)</translation>
    </message>
    <message>
        <source>sent</source>
        <comment>letter</comment>
        <translation>enviada</translation>
    </message>
    <message>
        <source>set a pin where it is taken</source>
        <translation>ponga una marca de biopsia donde se toma</translation>
    </message>
    <message>
        <source>set by hand</source>
        <translation>indicado a mano</translation>
    </message>
    <message>
        <source>set it at the camera</source>
        <translation>ajústelo en la cámara</translation>
    </message>
    <message>
        <source>set it by hand</source>
        <translation>ajústelo a mano</translation>
    </message>
    <message>
        <source>set its PixelFormat to RGB8 or BayerRG8</source>
        <translation>ajuste su PixelFormat a RGB8 o BayerRG8</translation>
    </message>
    <message>
        <source>set the clock of the computer where it is wrong; else ask for a newer update file</source>
        <translation>ponga en hora el reloj del ordenador si está mal; si no, pida un archivo de actualización más nuevo</translation>
    </message>
    <message>
        <source>several names</source>
        <translation>varios nombres</translation>
    </message>
    <message>
        <source>sharp</source>
        <translation>nítida</translation>
    </message>
    <message>
        <source>sharp border</source>
        <translation>borde bien delimitado</translation>
    </message>
    <message>
        <source>she has a pseudonym in exports for research, and it must stay known whose it is</source>
        <translation>la paciente tiene un seudónimo en exportaciones para investigación, y debe seguir sabiéndose de quién es</translation>
    </message>
    <message>
        <source>shorten it in the patient's record</source>
        <translation>acórtelo en el registro de la paciente</translation>
    </message>
    <message>
        <source>shows mucus or blood over the os</source>
        <translation>muestra moco o sangre sobre el orificio externo</translation>
    </message>
    <message>
        <source>shows no cervix</source>
        <translation>no muestra el cuello uterino</translation>
    </message>
    <message>
        <source>shows nothing</source>
        <translation>no muestra nada</translation>
    </message>
    <message>
        <source>shows the cervix from too far away</source>
        <translation>muestra el cuello uterino desde demasiado lejos</translation>
    </message>
    <message>
        <source>shows the os far from its middle</source>
        <translation>muestra el orificio externo lejos del centro</translation>
    </message>
    <message>
        <source>sign in with your name and password</source>
        <translation>inicie sesión con su nombre y contraseña</translation>
    </message>
    <message>
        <source>sign out, and let who signs sign in</source>
        <translation>cierre la sesión, y que la inicie quien firma</translation>
    </message>
    <message>
        <source>sign visits</source>
        <translation>firmar visitas</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>a visit</comment>
        <translation>firmada</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a report</comment>
        <translation>firmado</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a visit</comment>
        <translation>firmada</translation>
    </message>
    <message>
        <source>signed impression</source>
        <translation>impresión firmada</translation>
    </message>
    <message>
        <source>signed impression, after AI</source>
        <translation>impresión firmada, tras la IA</translation>
    </message>
    <message>
        <source>signed report</source>
        <translation>informe firmado</translation>
    </message>
    <message>
        <source>signs by IFCPC 2011 and scores of each lesion</source>
        <translation>signos según IFCPC 2011 y puntuaciones de cada lesión</translation>
    </message>
    <message>
        <source>silver nitrate</source>
        <translation>nitrato de plata</translation>
    </message>
    <message>
        <source>site choice</source>
        <comment>kind of record</comment>
        <translation>elección del centro</translation>
    </message>
    <message>
        <source>some glare: tilt the light</source>
        <translation>algunos reflejos: incline la luz</translation>
    </message>
    <message>
        <source>some of it is brighter than the rest</source>
        <translation>una parte es más clara que el resto</translation>
    </message>
    <message>
        <source>somebody has graded its pair for labels</source>
        <translation>alguien ha dado un grado a su par como etiqueta</translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Taken with</comment>
        <translation>otro</translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Haemostasis</comment>
        <translation>otro</translation>
    </message>
    <message>
        <source>something else is being written to it</source>
        <translation>se está escribiendo otra cosa en ella</translation>
    </message>
    <message>
        <source>something is drawn on the picture</source>
        <translation>hay algo dibujado en la imagen</translation>
    </message>
    <message>
        <source>something is on record of the follow-up of the visit</source>
        <translation>hay algo registrado sobre el seguimiento de la visita</translation>
    </message>
    <message>
        <source>something was found in the examination of the visit</source>
        <translation>se halló algo en la exploración de la visita</translation>
    </message>
    <message>
        <source>specificity for HSIL+ as graded</source>
        <translation>especificidad para HSIL+ según los grados dados</translation>
    </message>
    <message>
        <source>specimen</source>
        <comment>kind of record</comment>
        <translation>muestra</translation>
    </message>
    <message>
        <source>spoken</source>
        <comment>Consent</comment>
        <translation>verbal</translation>
    </message>
    <message>
        <source>spread them over the cervix</source>
        <translation>repártalos sobre el cuello uterino</translation>
    </message>
    <message>
        <source>squamous cell carcinoma</source>
        <translation>carcinoma de células escamosas</translation>
    </message>
    <message>
        <source>squamous epithelium, atrophic</source>
        <translation>epitelio escamoso atrófico</translation>
    </message>
    <message>
        <source>squamous epithelium, mature</source>
        <translation>epitelio escamoso maduro</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>fase</translation>
    </message>
    <message numerus="yes">
        <source>stage of %n picture(s)</source>
        <translation>
            <numerusform>fase de %n imagen</numerusform>
            <numerusform>fase de %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>stained</source>
        <comment>Lugol's iodine</comment>
        <translation>teñido</translation>
    </message>
    <message>
        <source>stalled</source>
        <translation>detenida</translation>
    </message>
    <message>
        <source>start it again to see it again</source>
        <translation>iníciela de nuevo para volver a verla</translation>
    </message>
    <message>
        <source>start its clock in Capture</source>
        <translation>inicie su reloj en Captura</translation>
    </message>
    <message>
        <source>start the clock anew only where acid was applied once more</source>
        <translation>inicie de nuevo el reloj solo donde se haya aplicado ácido otra vez</translation>
    </message>
    <message>
        <source>start the program of that version</source>
        <translation>inicie el programa de esa versión</translation>
    </message>
    <message>
        <source>start this as the user who installed the update; a library that a newer version opened is brought back with --library FOLDER</source>
        <translation>inícielo como el usuario que instaló la actualización; una biblioteca que abrió una versión más nueva se recupera con --library FOLDER</translation>
    </message>
    <message>
        <source>start this as who installed the program</source>
        <translation>ejecútelo como quien instaló el programa</translation>
    </message>
    <message>
        <source>starts the clock</source>
        <translation>inicia el reloj</translation>
    </message>
    <message>
        <source>stay on the picture</source>
        <translation>quédese dentro de la imagen</translation>
    </message>
    <message>
        <source>stayed white</source>
        <translation>siguió blanco</translation>
    </message>
    <message>
        <source>stenosis</source>
        <translation>estenosis</translation>
    </message>
    <message>
        <source>sterilisation</source>
        <translation>esterilización</translation>
    </message>
    <message>
        <source>structured report</source>
        <translation>informe estructurado</translation>
    </message>
    <message>
        <source>structured report and registration</source>
        <translation>informe estructurado y registro de imágenes</translation>
    </message>
    <message>
        <source>structures disagree</source>
        <translation>las estructuras no coinciden</translation>
    </message>
    <message>
        <source>structures not compared</source>
        <translation>estructuras no comparadas</translation>
    </message>
    <message>
        <source>subtotal</source>
        <comment>Hysterectomy</comment>
        <translation>subtotal</translation>
    </message>
    <message>
        <source>such as 14 Mar 1985 or 1985-03-14</source>
        <translation>como 14 mar 1985 o 1985-03-14</translation>
    </message>
    <message>
        <source>supports treatment at the first visit</source>
        <translation>apoya el tratamiento en la primera visita</translation>
    </message>
    <message>
        <source>suppressed otherwise</source>
        <translation>inmunodepresión por otra causa</translation>
    </message>
    <message>
        <source>suspicious cervix</source>
        <translation>cuello uterino sospechoso</translation>
    </message>
    <message>
        <source>switch it off</source>
        <translation>desactívela</translation>
    </message>
    <message>
        <source>switch it off and on, try again</source>
        <translation>apague y vuelva a encender; inténtelo de nuevo</translation>
    </message>
    <message>
        <source>switched off</source>
        <translation>desactivada</translation>
    </message>
    <message>
        <source>tabs</source>
        <translation>tabuladores</translation>
    </message>
    <message>
        <source>take a dark frame at these settings</source>
        <translation>tome un fotograma oscuro con estos ajustes</translation>
    </message>
    <message>
        <source>take a white-light picture</source>
        <translation>tome una imagen de luz blanca</translation>
    </message>
    <message>
        <source>take back her visits first</source>
        <translation>retire primero las visitas de la paciente</translation>
    </message>
    <message>
        <source>take it again</source>
        <translation>repita la toma</translation>
    </message>
    <message>
        <source>take it away first</source>
        <translation>quítelo primero</translation>
    </message>
    <message>
        <source>take its result back first</source>
        <translation>retire primero su resultado</translation>
    </message>
    <message>
        <source>take pictures and records out of the library</source>
        <translation>sacar imágenes y registros de la biblioteca</translation>
    </message>
    <message>
        <source>take the pair again</source>
        <translation>repita la toma del par</translation>
    </message>
    <message>
        <source>take those results back first</source>
        <translation>retire primero esos resultados</translation>
    </message>
    <message>
        <source>take {count} letters or more; four words that do not belong together are good, and easy to keep</source>
        <translation>use {count} letras o más; cuatro palabras sin relación entre sí son buenas y fáciles de recordar</translation>
    </message>
    <message>
        <source>taken after a picture with acetic acid</source>
        <translation>tomada después de una imagen con ácido acético</translation>
    </message>
    <message>
        <source>taken at ({why})</source>
        <translation>hora de la toma ({why})</translation>
    </message>
    <message>
        <source>taken at: not known</source>
        <translation>hora de la toma: desconocida</translation>
    </message>
    <message>
        <source>taken {apart:.0f} s apart</source>
        <translation>tomadas con {apart:.0f} s de diferencia</translation>
    </message>
    <message>
        <source>taken {when}</source>
        <translation>tomada {when}</translation>
    </message>
    <message numerus="yes">
        <source>taking %n picture(s)</source>
        <translation>
            <numerusform>aceptación de %n imagen</numerusform>
            <numerusform>aceptación de %n imágenes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>taking in %n picture(s)</source>
        <translation>
            <numerusform>inclusión de %n imagen</numerusform>
            <numerusform>inclusión de %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>task</source>
        <comment>kind of record</comment>
        <translation>tarea</translation>
    </message>
    <message>
        <source>tell whoever gave you the update file</source>
        <translation>dígaselo a quien le dio el archivo de actualización</translation>
    </message>
    <message>
        <source>that is before {year}</source>
        <translation>eso es anterior a {year}</translation>
    </message>
    <message>
        <source>that is still to come</source>
        <translation>eso aún está por venir</translation>
    </message>
    <message numerus="yes">
        <source>the %n points that were placed were not applied and are gone</source>
        <translation>
            <numerusform>el punto colocado no se aplicó y se perdió</numerusform>
            <numerusform>los %n puntos colocados no se aplicaron y se perdieron</numerusform>
        </translation>
    </message>
    <message>
        <source>the AI answer about its pair was revealed</source>
        <translation>se reveló la respuesta de la IA sobre su par</translation>
    </message>
    <message>
        <source>the AI answer alone</source>
        <translation>solo la respuesta de la IA</translation>
    </message>
    <message>
        <source>the AI answer of this visit was revealed before</source>
        <translation>la respuesta de la IA de esta visita ya se había revelado</translation>
    </message>
    <message>
        <source>the AI answer stays hidden until there is a first read</source>
        <translation>la respuesta de la IA permanece oculta hasta que haya una primera lectura</translation>
    </message>
    <message>
        <source>the AI is indeterminate</source>
        <translation>la IA es indeterminada</translation>
    </message>
    <message>
        <source>the Reid index has no item {key!r}</source>
        <translation>el índice de Reid no tiene el elemento {key!r}</translation>
    </message>
    <message>
        <source>the SCJ line</source>
        <translation>la línea de la UEC</translation>
    </message>
    <message>
        <source>the Swede score has no item {key!r}</source>
        <translation>la puntuación de Swede no tiene el elemento {key!r}</translation>
    </message>
    <message>
        <source>the account {name} was switched off</source>
        <translation>la cuenta {name} fue desactivada</translation>
    </message>
    <message>
        <source>the answer that was revealed is not kept</source>
        <translation>la respuesta que se reveló no se conserva</translation>
    </message>
    <message>
        <source>the audit trail was not exported: this library is open for reading only, and an export must go on record</source>
        <translation>el registro de auditoría no se exportó: esta biblioteca está abierta solo para lectura, y una exportación debe quedar registrada</translation>
    </message>
    <message>
        <source>the backup is unchanged</source>
        <translation>la copia de seguridad no ha cambiado</translation>
    </message>
    <message>
        <source>the backup is unchanged, and no library was made</source>
        <translation>la copia de seguridad no ha cambiado, y no se creó ninguna biblioteca</translation>
    </message>
    <message>
        <source>the backup is unchanged; its snapshots and pictures are there, encrypted</source>
        <translation>la copia de seguridad no ha cambiado; sus instantáneas e imágenes están ahí, cifradas</translation>
    </message>
    <message>
        <source>the backup {folder} is being written</source>
        <translation>la copia de seguridad {folder} se está escribiendo</translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is after the visit of {day}</source>
        <translation>la fecha de nacimiento registrada de {identifier} ({birth}) es posterior a la visita del {day}</translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation>la fecha de nacimiento registrada de {identifier} ({birth}) es más de {years} años anterior a la visita del {day}</translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is after the visit of {day}</source>
        <translation>la fecha de nacimiento indicada de {identifier} ({birth}) es posterior a la visita del {day}</translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation>la fecha de nacimiento indicada de {identifier} ({birth}) es más de {years} años anterior a la visita del {day}</translation>
    </message>
    <message>
        <source>the board lies aslant: its squares differ by {spread:.0%}</source>
        <translation>el tablero está inclinado: sus cuadros difieren en {spread:.0%}</translation>
    </message>
    <message>
        <source>the box {left}, {top}, {right}, {bottom} covers nothing of its picture</source>
        <translation>el recuadro {left}, {top}, {right}, {bottom} no cubre nada de su imagen</translation>
    </message>
    <message>
        <source>the camera could not be set for fluorescence: {problem}</source>
        <translation>no se pudo ajustar la cámara para fluorescencia: {problem}</translation>
    </message>
    <message>
        <source>the camera does not answer</source>
        <translation>la cámara no responde</translation>
    </message>
    <message>
        <source>the camera failed in a way that nobody foresaw ({kind})</source>
        <translation>la cámara falló de un modo que nadie previó ({kind})</translation>
    </message>
    <message>
        <source>the camera gives only damaged pictures</source>
        <translation>la cámara solo da imágenes dañadas</translation>
    </message>
    <message>
        <source>the camera is not open</source>
        <translation>la cámara no está abierta</translation>
    </message>
    <message>
        <source>the camera sends {coding}, which is not read</source>
        <translation>la cámara envía {coding}, que no se puede leer</translation>
    </message>
    <message>
        <source>the card is as it was</source>
        <translation>la ficha está como estaba</translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({error})</source>
        <translation>no se puede leer la ficha {path} ({error})</translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({reason})</source>
        <translation>no se puede leer la ficha {path} ({reason})</translation>
    </message>
    <message>
        <source>the clinic's number</source>
        <translation>el número de la clínica</translation>
    </message>
    <message>
        <source>the clock of acetic acid does not run</source>
        <translation>el reloj del ácido acético no está en marcha</translation>
    </message>
    <message>
        <source>the closing words of a report have at most {most} characters</source>
        <translation>el texto de cierre de un informe tiene como máximo {most} caracteres</translation>
    </message>
    <message>
        <source>the contour would enclose nothing</source>
        <translation>el contorno no encerraría nada</translation>
    </message>
    <message>
        <source>the corner leaves the picture</source>
        <translation>el vértice se sale de la imagen</translation>
    </message>
    <message>
        <source>the dark frame is {width} x {height} pixels, the picture {its_width} x {its_height}</source>
        <translation>el fotograma oscuro es de {width} x {height} píxeles, la imagen de {its_width} x {its_height}</translation>
    </message>
    <message>
        <source>the dark frame was taken with {setting} {value}, the picture with {other}</source>
        <translation>el fotograma oscuro se tomó con {setting} {value}, la imagen con {other}</translation>
    </message>
    <message>
        <source>the database could not be completed</source>
        <translation>no se pudo completar la base de datos</translation>
    </message>
    <message>
        <source>the database of the library {library} cannot be opened</source>
        <translation>no se puede abrir la base de datos de la biblioteca {library}</translation>
    </message>
    <message>
        <source>the database of the library {library} does not open with its keys</source>
        <translation>la base de datos de la biblioteca {library} no se abre con sus claves</translation>
    </message>
    <message>
        <source>the database of the library {library} is damaged</source>
        <translation>la base de datos de la biblioteca {library} está dañada</translation>
    </message>
    <message>
        <source>the database that was to be copied is damaged</source>
        <translation>la base de datos que se iba a copiar está dañada</translation>
    </message>
    <message>
        <source>the dates would not be moved</source>
        <translation>las fechas no se desplazarían</translation>
    </message>
    <message>
        <source>the day on which a clock begins anew when its battery was empty</source>
        <translation>el día en que un reloj vuelve a empezar cuando se agotó su batería</translation>
    </message>
    <message>
        <source>the demo library is being made</source>
        <translation>se está creando la biblioteca de demostración</translation>
    </message>
    <message>
        <source>the device at {name} takes no connection there</source>
        <translation>el dispositivo en {name} no acepta conexiones ahí</translation>
    </message>
    <message>
        <source>the disk did not take its end in time</source>
        <translation>el disco no recibió el final a tiempo</translation>
    </message>
    <message>
        <source>the disk does not lock files ({why})</source>
        <translation>el disco no bloquea archivos ({why})</translation>
    </message>
    <message>
        <source>the disk that holds it is full</source>
        <translation>el disco que la contiene está lleno</translation>
    </message>
    <message>
        <source>the disk that holds {library} is full</source>
        <translation>el disco que contiene {library} está lleno</translation>
    </message>
    <message>
        <source>the disk that the video is written to is full</source>
        <translation>el disco en el que se escribe el video está lleno</translation>
    </message>
    <message>
        <source>the earlier picture shows no structure</source>
        <translation>la imagen anterior no muestra ninguna estructura</translation>
    </message>
    <message>
        <source>the earlier program is gone: {folder}</source>
        <translation>el programa anterior ya no está: {folder}</translation>
    </message>
    <message>
        <source>the earlier version is in use as before</source>
        <translation>la versión anterior sigue en uso como antes</translation>
    </message>
    <message>
        <source>the end of the recording was not kept: {why}</source>
        <translation>el final de la grabación no se conservó: {why}</translation>
    </message>
    <message>
        <source>the engine refuses its pictures</source>
        <translation>el motor rechaza sus imágenes</translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {file}</source>
        <translation>la exportación no se completó, y no se pudo quitar lo que se había escrito: {file}</translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {folder}</source>
        <translation>la exportación no se completó, y no se pudo quitar lo que se había escrito: {folder}</translation>
    </message>
    <message>
        <source>the features of {source} are no numbers, or not those that the model was measured with</source>
        <translation>las características de {source} no son números, o no son aquellas con las que se midió el modelo</translation>
    </message>
    <message>
        <source>the file</source>
        <translation>el archivo</translation>
    </message>
    <message>
        <source>the file does not end with its signature: the end was cut off, or something was added to it</source>
        <translation>el archivo no termina con su firma: se cortó el final o se le añadió algo</translation>
    </message>
    <message>
        <source>the file ends after its first line: the rest was cut off</source>
        <translation>el archivo termina tras su primera línea: se cortó el resto</translation>
    </message>
    <message>
        <source>the file has format version {theirs}, this program knows {ours}: update it</source>
        <translation>el archivo tiene la versión de formato {theirs}, este programa conoce {ours}: actualícelo</translation>
    </message>
    <message>
        <source>the file holds {lines} lines of the trail, and {written} were written</source>
        <translation>el archivo contiene {lines} líneas del registro de auditoría, y se escribieron {written}</translation>
    </message>
    <message>
        <source>the file is empty</source>
        <translation>el archivo está vacío</translation>
    </message>
    <message>
        <source>the file says that the picture was made from another one; it may be drawn over</source>
        <translation>el archivo dice que la imagen se hizo a partir de otra; puede llevar dibujos encima</translation>
    </message>
    <message>
        <source>the file says that words are drawn into the picture; they may name the patient</source>
        <translation>el archivo dice que hay palabras dibujadas en la imagen; pueden nombrar a la paciente</translation>
    </message>
    <message>
        <source>the file was signed with another key: its fingerprint is {fingerprint}, and not {expected}</source>
        <translation>el archivo se firmó con otra clave: su huella es {fingerprint}, y no {expected}</translation>
    </message>
    <message>
        <source>the file's name</source>
        <translation>el nombre del archivo</translation>
    </message>
    <message>
        <source>the file's name {name}</source>
        <translation>el nombre del archivo {name}</translation>
    </message>
    <message>
        <source>the file's own record</source>
        <translation>los datos propios del archivo</translation>
    </message>
    <message>
        <source>the file's own record says so</source>
        <translation>lo dicen los datos propios del archivo</translation>
    </message>
    <message>
        <source>the file's own record says the day only</source>
        <translation>los datos propios del archivo solo indican el día</translation>
    </message>
    <message>
        <source>the findings are unchanged</source>
        <translation>los hallazgos no han cambiado</translation>
    </message>
    <message>
        <source>the first line does not say that this is an export of an audit trail</source>
        <translation>la primera línea no dice que esto sea una exportación de un registro de auditoría</translation>
    </message>
    <message>
        <source>the first line holds no public key</source>
        <translation>la primera línea no contiene una clave pública</translation>
    </message>
    <message>
        <source>the first line is not what an export of an audit trail begins with</source>
        <translation>la primera línea no es aquella con la que empieza una exportación de un registro de auditoría</translation>
    </message>
    <message>
        <source>the first line must be {columns} (more columns do no harm)</source>
        <translation>la primera línea debe ser {columns} (más columnas no estorban)</translation>
    </message>
    <message>
        <source>the first or the last line is not the one that the first line of the file names</source>
        <translation>la primera o la última línea no es la que nombra la primera línea del archivo</translation>
    </message>
    <message>
        <source>the first picture shows no structure</source>
        <translation>la primera imagen no muestra ninguna estructura</translation>
    </message>
    <message>
        <source>the first read is unchanged</source>
        <translation>la primera lectura no ha cambiado</translation>
    </message>
    <message>
        <source>the fluorescence picture</source>
        <translation>la imagen de fluorescencia</translation>
    </message>
    <message>
        <source>the fluorescence picture shows no structure</source>
        <translation>la imagen de fluorescencia no muestra ninguna estructura</translation>
    </message>
    <message>
        <source>the folder cannot be looked into: {problem}</source>
        <translation>no se puede examinar la carpeta: {problem}</translation>
    </message>
    <message>
        <source>the folder cannot be written: {why}</source>
        <translation>no se puede escribir en la carpeta: {why}</translation>
    </message>
    <message>
        <source>the folder holds more than {count:,} files: give its parts one by one</source>
        <translation>la carpeta contiene más de {count:,} archivos: indique sus partes una por una</translation>
    </message>
    <message>
        <source>the folder is not there any more</source>
        <translation>la carpeta ya no está ahí</translation>
    </message>
    <message>
        <source>the folder {folder} is not empty</source>
        <translation>la carpeta {folder} no está vacía</translation>
    </message>
    <message>
        <source>the folder {name}</source>
        <translation>la carpeta {name}</translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {problem}</source>
        <translation>no se puede examinar la carpeta {path}: {problem}</translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {why}</source>
        <translation>no se puede examinar la carpeta {path}: {why}</translation>
    </message>
    <message>
        <source>the frame is of another size</source>
        <translation>el fotograma es de otro tamaño</translation>
    </message>
    <message>
        <source>the frames do not show this normal tissue without glare</source>
        <translation>los fotogramas no muestran este tejido normal sin reflejos</translation>
    </message>
    <message>
        <source>the frames do not show this place without glare</source>
        <translation>los fotogramas no muestran este lugar sin reflejos</translation>
    </message>
    <message>
        <source>the frames for a dark frame are not of one size</source>
        <translation>los fotogramas para un fotograma oscuro no son del mismo tamaño</translation>
    </message>
    <message>
        <source>the head of {file} cannot be read</source>
        <translation>no se puede leer la cabecera de {file}</translation>
    </message>
    <message>
        <source>the heading of a report have at most {most} characters</source>
        <translation>el encabezado de un informe tiene como máximo {most} caracteres</translation>
    </message>
    <message>
        <source>the identifier of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>el identificador de la paciente o de la solicitud supera los {longest} caracteres que admite DICOM</translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}</source>
        <translation>el identificador {identifier} ya pertenece a {name}</translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}, on record as {other}</source>
        <translation>el identificador {identifier} ya pertenece a {name}, con registro como {other}</translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record for {name}, and folder or file say {other}</source>
        <translation>el identificador {identifier} está registrado a nombre de {name}, y la carpeta o el archivo dicen {other}</translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s) and without the {missing} said here</source>
        <translation>
            <numerusform>el identificador {identifier} está registrado con %n imagen y sin este dato indicado aquí: {missing}</numerusform>
            <numerusform>el identificador {identifier} está registrado con %n imágenes y sin este dato indicado aquí: {missing}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s), and {names} within it may be another woman</source>
        <translation>
            <numerusform>el identificador {identifier} está registrado con %n imagen, y {names} dentro de él puede ser otra paciente</numerusform>
            <numerusform>el identificador {identifier} está registrado con %n imágenes, y {names} dentro de él puede ser otra paciente</numerusform>
        </translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another birth date than {birth}</source>
        <translation>el identificador {identifier} está registrado con una fecha de nacimiento distinta de {birth}</translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another name or birth date</source>
        <translation>el identificador {identifier} está registrado con otro nombre u otra fecha de nacimiento</translation>
    </message>
    <message>
        <source>the identifier {identifier} is said to be {name}'s, and folder or file say {other}</source>
        <translation>se indica que el identificador {identifier} es de {name}, y la carpeta o el archivo dicen {other}</translation>
    </message>
    <message>
        <source>the installer of version {version} is not kept by the program</source>
        <translation>el programa no conserva el instalador de la versión {version}</translation>
    </message>
    <message>
        <source>the kept plan cannot be read</source>
        <translation>no se puede leer el plan guardado</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}), and no other in {folder} is whole</source>
        <translation>el archivo de claves de la instantánea {snapshot} {harm} ({file}), y ningún otro en {folder} está íntegro</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): pfm library restore brings it back with that of another one, with the names and passwords of that day</source>
        <translation>el archivo de claves de la instantánea {snapshot} {harm} ({file}): pfm library restore la recupera con el de otra, con los nombres y contraseñas de aquel día</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): that of {other} is used, which opens it as well, with the names and passwords of that day</source>
        <translation>el archivo de claves de la instantánea {snapshot} {harm} ({file}): se usa el de {other}, que también la abre, con los nombres y contraseñas de aquel día</translation>
    </message>
    <message>
        <source>the key file {file} is missing or damaged: without it nobody can open this library</source>
        <translation>el archivo de claves {file} falta o está dañado: sin él nadie puede abrir esta biblioteca</translation>
    </message>
    <message>
        <source>the key that signs exports of the audit trail is damaged</source>
        <translation>la clave que firma las exportaciones del registro de auditoría está dañada</translation>
    </message>
    <message>
        <source>the kind of DICOM was not changed: {why}</source>
        <translation>el tipo de DICOM no se cambió: {why}</translation>
    </message>
    <message numerus="yes">
        <source>the labels of %n case(s) of the locked test have changed since the models were compared</source>
        <translation>
            <numerusform>la etiqueta de %n caso de la prueba bloqueada ha cambiado desde que se compararon los modelos</numerusform>
            <numerusform>las etiquetas de %n casos de la prueba bloqueada han cambiado desde que se compararon los modelos</numerusform>
        </translation>
    </message>
    <message>
        <source>the laboratory has answered on biopsies of its pair</source>
        <translation>el laboratorio ha respondido sobre biopsias de su par</translation>
    </message>
    <message>
        <source>the laboratory has answered on it</source>
        <translation>el laboratorio ha respondido al respecto</translation>
    </message>
    <message>
        <source>the lamp on {port}</source>
        <translation>la lámpara en {port}</translation>
    </message>
    <message>
        <source>the lamp said white light, and the picture looks like fluorescence</source>
        <translation>la lámpara indicó luz blanca, y la imagen parece de fluorescencia</translation>
    </message>
    <message>
        <source>the lamp says fluorescence, and the picture looks like white light, or like both at once</source>
        <translation>la lámpara indica fluorescencia, y la imagen parece de luz blanca, o de ambas a la vez</translation>
    </message>
    <message>
        <source>the lamp {name}</source>
        <translation>la lámpara {name}</translation>
    </message>
    <message>
        <source>the last administrator of a library cannot be taken away</source>
        <translation>no se puede quitar al último administrador de una biblioteca</translation>
    </message>
    <message>
        <source>the last update led to version {new}, and {version} is installed</source>
        <translation>la última actualización llevó a la versión {new}, y está instalada la {version}</translation>
    </message>
    <message>
        <source>the learned model {model} is missing or altered in the backup</source>
        <translation>el modelo aprendido {model} falta o está alterado en la copia de seguridad</translation>
    </message>
    <message>
        <source>the learned model {name}</source>
        <translation>el modelo aprendido {name}</translation>
    </message>
    <message>
        <source>the learned model {name} is missing or altered ({folder})</source>
        <translation>el modelo aprendido {name} falta o está alterado ({folder})</translation>
    </message>
    <message>
        <source>the library and the backups before are unchanged</source>
        <translation>la biblioteca y las copias de seguridad anteriores no han cambiado</translation>
    </message>
    <message>
        <source>the library in {path} could not be opened for writing: {why}</source>
        <translation>la biblioteca en {path} no se pudo abrir para escritura: {why}</translation>
    </message>
    <message>
        <source>the library is no longer at {library}: its folder was moved or renamed, or its disk is gone</source>
        <translation>la biblioteca ya no está en {library}: su carpeta se movió o cambió de nombre, o su disco no está</translation>
    </message>
    <message>
        <source>the library is no longer at {path}: its folder or the file 'lock' in it was moved, renamed or removed while it was open, or its disk is gone</source>
        <translation>la biblioteca ya no está en {path}: su carpeta o el archivo 'lock' que contiene se movió, cambió de nombre o se quitó mientras estaba abierta, o su disco no está</translation>
    </message>
    <message>
        <source>the library is open for reading only: {reason}</source>
        <translation>la biblioteca está abierta solo para lectura: {reason}</translation>
    </message>
    <message>
        <source>the library is unchanged</source>
        <translation>la biblioteca no ha cambiado</translation>
    </message>
    <message>
        <source>the library is unchanged and was not brought up to date</source>
        <translation>la biblioteca no ha cambiado y no se actualizó</translation>
    </message>
    <message>
        <source>the library is unchanged, and no encrypted one was made</source>
        <translation>la biblioteca no ha cambiado, y no se creó ninguna cifrada</translation>
    </message>
    <message>
        <source>the library refused a change that would leave records without what they refer to ({problem})</source>
        <translation>la biblioteca rechazó un cambio que dejaría registros sin aquello a lo que se refieren ({problem})</translation>
    </message>
    <message>
        <source>the library still cannot be written: {reason}</source>
        <translation>la biblioteca sigue sin poder escribirse: {reason}</translation>
    </message>
    <message>
        <source>the library {library} cannot be read: its disk or network share answers with an error ({problem})</source>
        <translation>no se puede leer la biblioteca {library}: su disco o recurso de red responde con un error ({problem})</translation>
    </message>
    <message>
        <source>the library {library} could not be closed: {file} is left</source>
        <translation>no se pudo cerrar la biblioteca {library}: queda {file}</translation>
    </message>
    <message>
        <source>the library {library} could not be read or written ({problem})</source>
        <translation>no se pudo leer o escribir la biblioteca {library} ({problem})</translation>
    </message>
    <message>
        <source>the library {library} could not be used: {problem}</source>
        <translation>no se pudo usar la biblioteca {library}: {problem}</translation>
    </message>
    <message>
        <source>the library {library} has no copy from before the update</source>
        <translation>la biblioteca {library} no tiene ninguna copia de antes de la actualización</translation>
    </message>
    <message>
        <source>the library {library} is busy: {why}</source>
        <translation>la biblioteca {library} está ocupada: {why}</translation>
    </message>
    <message>
        <source>the library {library} is encrypted</source>
        <translation>la biblioteca {library} está cifrada</translation>
    </message>
    <message>
        <source>the library {library} is of an older version, and there is too little room to copy it before it is brought up to date: {needed} MB are needed, {free} MB are free</source>
        <translation>la biblioteca {library} es de una versión anterior y no hay espacio suficiente para copiarla antes de ponerla al día: se necesitan {needed} MB y quedan libres {free} MB</translation>
    </message>
    <message>
        <source>the library {library} is {state}</source>
        <translation>la biblioteca {library} está así: {state}</translation>
    </message>
    <message>
        <source>the library {library} may not be written</source>
        <translation>no se permite escribir en la biblioteca {library}</translation>
    </message>
    <message>
        <source>the library {library} was made by a newer version of this program (library version {version}, this program knows {known})</source>
        <translation>la biblioteca {library} se creó con una versión más nueva de este programa (versión de biblioteca {version}, este programa conoce {known})</translation>
    </message>
    <message>
        <source>the library {path} is closed</source>
        <translation>la biblioteca {path} está cerrada</translation>
    </message>
    <message>
        <source>the library {path} is encrypted, and {key_file} and {copy} are missing: without one nobody can open it</source>
        <translation>la biblioteca {path} está cifrada, y faltan {key_file} y {copy}: sin uno de ellos nadie puede abrirla</translation>
    </message>
    <message>
        <source>the library {path} is of an older version and cannot be brought up to date: {reason}</source>
        <translation>la biblioteca {path} es de una versión anterior y no se puede actualizar: {reason}</translation>
    </message>
    <message>
        <source>the library {path} is open for reading only: {why}</source>
        <translation>la biblioteca {path} está abierta solo para lectura: {why}</translation>
    </message>
    <message>
        <source>the library {path} is perhaps in use by another user of this computer or on another one: {why}</source>
        <translation>la biblioteca {path} quizá esté en uso por otro usuario de este equipo o en otro equipo: {why}</translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, and {reason}: it cannot be brought in order</source>
        <translation>la biblioteca {path} no se cerró correctamente, y {reason}: no se puede poner en orden</translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, or is in use elsewhere, and its folder cannot be written</source>
        <translation>la biblioteca {path} no se cerró correctamente, o está en uso en otro lugar, y no se puede escribir en su carpeta</translation>
    </message>
    <message>
        <source>the light is off</source>
        <translation>la luz está apagada</translation>
    </message>
    <message>
        <source>the line leaves the picture</source>
        <translation>la línea se sale de la imagen</translation>
    </message>
    <message>
        <source>the manifest says so</source>
        <translation>lo dice el manifiesto</translation>
    </message>
    <message>
        <source>the manifest says the source only</source>
        <translation>el manifiesto solo indica la fuente</translation>
    </message>
    <message>
        <source>the map of whitening</source>
        <translation>el mapa de blanqueamiento</translation>
    </message>
    <message>
        <source>the margin to blank covers all of it</source>
        <translation>el margen que se va a tapar la cubre por completo</translation>
    </message>
    <message>
        <source>the margin to blank is less than 0 pixels</source>
        <translation>el margen que se va a tapar es menor de 0 píxeles</translation>
    </message>
    <message>
        <source>the mark lies outside the picture</source>
        <translation>la marca está fuera de la imagen</translation>
    </message>
    <message>
        <source>the marks must come in the order of their seconds</source>
        <translation>las marcas deben ir en el orden de sus segundos</translation>
    </message>
    <message>
        <source>the model asks for {names}</source>
        <translation>el modelo pide {names}</translation>
    </message>
    <message>
        <source>the model cannot be asked: {why}</source>
        <translation>no se puede consultar el modelo: {why}</translation>
    </message>
    <message>
        <source>the model could not be copied to {out}: {why}</source>
        <translation>no se pudo copiar el modelo a {out}: {why}</translation>
    </message>
    <message>
        <source>the model does not read its sources</source>
        <translation>el modelo no lee sus fuentes</translation>
    </message>
    <message>
        <source>the model in use stays</source>
        <translation>el modelo en uso se mantiene</translation>
    </message>
    <message>
        <source>the model is not the one that the run has made</source>
        <translation>el modelo no es el que produjo la ejecución</translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are white light + {second}</source>
        <translation>el modelo debe leer {sources}, los casos son luz blanca + {second}</translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are {others}</source>
        <translation>el modelo debe leer {sources}, los casos son {others}</translation>
    </message>
    <message>
        <source>the model is unchanged</source>
        <translation>el modelo no ha cambiado</translation>
    </message>
    <message>
        <source>the model itself is written</source>
        <translation>el modelo en sí está escrito</translation>
    </message>
    <message>
        <source>the model to start from is unchanged</source>
        <translation>el modelo de partida no ha cambiado</translation>
    </message>
    <message>
        <source>the model was not changed: {why}</source>
        <translation>el modelo no se cambió: {why}</translation>
    </message>
    <message>
        <source>the model was trained for pictures that this program does not know: {source}</source>
        <translation>el modelo se entrenó para imágenes que este programa no conoce: {source}</translation>
    </message>
    <message>
        <source>the model {model} that was learned here is missing or altered: it is not backed up</source>
        <translation>el modelo {model} aprendido aquí falta o está alterado: no se incluye en la copia de seguridad</translation>
    </message>
    <message>
        <source>the model {model} was not brought back: it is not in the backup, or altered there</source>
        <translation>el modelo {model} no se recuperó: no está en la copia de seguridad, o está alterado en ella</translation>
    </message>
    <message>
        <source>the model {name} does not read {sources}</source>
        <translation>el modelo {name} no lee {sources}</translation>
    </message>
    <message>
        <source>the model {name} has variant {variant}, not {wanted}</source>
        <translation>el modelo {name} tiene la variante {variant}, no {wanted}</translation>
    </message>
    <message>
        <source>the model {name} holds imported trunks only and was never trained to grade</source>
        <translation>el modelo {name} solo contiene troncos importados y nunca se entrenó para dar grados</translation>
    </message>
    <message>
        <source>the model {name} reads {sources}</source>
        <translation>el modelo {name} lee {sources}</translation>
    </message>
    <message>
        <source>the model {name} reads {sources} only, not {others}</source>
        <translation>el modelo {name} solo lee {sources}, no {others}</translation>
    </message>
    <message>
        <source>the model {name} {version} gives an answer that is no number</source>
        <translation>el modelo {name} {version} da una respuesta que no es un número</translation>
    </message>
    <message>
        <source>the model {name} {version} gives answers that are no numbers</source>
        <translation>el modelo {name} {version} da respuestas que no son números</translation>
    </message>
    <message>
        <source>the model's heatmaps are drawn by {method}</source>
        <translation>los mapas de calor del modelo se dibujan con {method}</translation>
    </message>
    <message>
        <source>the name has signs that cannot be seen, or letters of two alphabets in one word</source>
        <translation>el nombre tiene signos que no se ven, o letras de dos alfabetos en una palabra</translation>
    </message>
    <message>
        <source>the name in {name} is not known in this network</source>
        <translation>el nombre de {name} no se conoce en esta red</translation>
    </message>
    <message>
        <source>the name of a file to write is empty or this folder</source>
        <translation>el nombre de un archivo para escribir está vacío o es esta carpeta</translation>
    </message>
    <message>
        <source>the name of the folder {folder} is not written in UTF-8</source>
        <translation>el nombre de la carpeta {folder} no está escrito en UTF-8</translation>
    </message>
    <message>
        <source>the name of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>el nombre de la paciente o de la solicitud supera los {longest} caracteres que admite DICOM</translation>
    </message>
    <message>
        <source>the name or the password is wrong</source>
        <translation>el nombre o la contraseña es incorrecto</translation>
    </message>
    <message>
        <source>the name {name}</source>
        <translation>el nombre {name}</translation>
    </message>
    <message>
        <source>the name {name} says so</source>
        <translation>lo dice el nombre {name}</translation>
    </message>
    <message>
        <source>the name {name} says the day only</source>
        <translation>el nombre {name} solo indica el día</translation>
    </message>
    <message>
        <source>the network gives a heatmap that is no number</source>
        <translation>la red da un mapa de calor que no es un número</translation>
    </message>
    <message>
        <source>the network is unchanged</source>
        <translation>la red no ha cambiado</translation>
    </message>
    <message>
        <source>the network table is damaged ({error})</source>
        <translation>la tabla de la red está dañada ({error})</translation>
    </message>
    <message>
        <source>the new model is not promoted: {reasons}</source>
        <translation>el modelo nuevo no se promueve: {reasons}</translation>
    </message>
    <message>
        <source>the new password is set; roles, and who may sign in, are as before</source>
        <translation>la contraseña nueva está establecida; los roles, y quién puede iniciar sesión, siguen como antes</translation>
    </message>
    <message>
        <source>the new version does not start on this computer: {why}</source>
        <translation>la nueva versión no arranca en este ordenador: {why}</translation>
    </message>
    <message>
        <source>the new version goes beside the present one, and {folder} may not be written</source>
        <translation>la nueva versión va junto a la actual, y no se puede escribir en {folder}</translation>
    </message>
    <message numerus="yes">
        <source>the newest %n line(s); scroll down for older ones</source>
        <translation>
            <numerusform>la línea más reciente; desplácese hacia abajo para ver las anteriores</numerusform>
            <numerusform>las %n líneas más recientes; desplácese hacia abajo para ver las anteriores</numerusform>
        </translation>
    </message>
    <message>
        <source>the newest {shown:,} visits; scroll down or search to find older ones</source>
        <translation>las {shown:,} visitas más recientes; desplácese hacia abajo o busque para encontrar las anteriores</translation>
    </message>
    <message>
        <source>the only case cannot be used</source>
        <translation>el único caso no se puede usar</translation>
    </message>
    <message>
        <source>the only two of the visit</source>
        <translation>las dos únicas de la visita</translation>
    </message>
    <message>
        <source>the os is marked on its pair</source>
        <translation>el orificio externo está marcado en su par</translation>
    </message>
    <message>
        <source>the other visit has this picture already</source>
        <translation>la otra visita ya tiene esta imagen</translation>
    </message>
    <message>
        <source>the outline that was begun was not finished and is gone</source>
        <translation>el contorno iniciado no se terminó y se perdió</translation>
    </message>
    <message>
        <source>the overlap mask is {mask_width} x {mask_height}, the picture {width} x {height}</source>
        <translation>la máscara de superposición es de {mask_width} x {mask_height}, la imagen de {width} x {height}</translation>
    </message>
    <message>
        <source>the packing of its pixels is broken</source>
        <translation>el empaquetado de sus píxeles está dañado</translation>
    </message>
    <message>
        <source>the pair</source>
        <translation>el par</translation>
    </message>
    <message>
        <source>the pair is not registered</source>
        <translation>el par no está alineado</translation>
    </message>
    <message>
        <source>the pair is not registered: {why}</source>
        <translation>no hay alineación del par: {why}</translation>
    </message>
    <message>
        <source>the pair is on the stage as before</source>
        <translation>el par está en el visor como antes</translation>
    </message>
    <message>
        <source>the pair is registered as it was before</source>
        <translation>el par está alineado como antes</translation>
    </message>
    <message>
        <source>the pair lacks one source</source>
        <translation>al par le falta una fuente</translation>
    </message>
    <message>
        <source>the parts of this clip are not those that were on record when it was closed</source>
        <translation>las partes de este clip no son las que estaban registradas cuando se cerró</translation>
    </message>
    <message>
        <source>the password of {name}</source>
        <translation>la contraseña de {name}</translation>
    </message>
    <message>
        <source>the picture</source>
        <translation>la imagen</translation>
    </message>
    <message>
        <source>the picture belongs to a pair</source>
        <translation>la imagen pertenece a un par</translation>
    </message>
    <message>
        <source>the picture does not belong to this visit</source>
        <translation>la imagen no pertenece a esta visita</translation>
    </message>
    <message>
        <source>the picture file {name}... is missing from {folder}</source>
        <translation>falta el archivo de imagen {name}... en {folder}</translation>
    </message>
    <message>
        <source>the picture file {path} cannot be read: {why}</source>
        <translation>no se puede leer el archivo de imagen {path}: {why}</translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its hash</source>
        <translation>el archivo de imagen {path} fue alterado: su contenido no coincide con su hash</translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its name</source>
        <translation>el archivo de imagen {path} fue alterado: su contenido no coincide con su nombre</translation>
    </message>
    <message>
        <source>the picture has no pixels</source>
        <translation>la imagen no tiene píxeles</translation>
    </message>
    <message>
        <source>the picture is as it was</source>
        <translation>la imagen está como estaba</translation>
    </message>
    <message>
        <source>the picture of {day} cannot be shown: {problem}</source>
        <translation>no se puede mostrar la imagen del {day}: {problem}</translation>
    </message>
    <message>
        <source>the picture says so</source>
        <translation>lo dice la imagen</translation>
    </message>
    <message>
        <source>the picture says so; its zone is taken for that of this computer</source>
        <translation>lo dice la imagen; se toma como huso horario el de este equipo</translation>
    </message>
    <message>
        <source>the picture {name} says {day}</source>
        <translation>la imagen {name} indica {day}</translation>
    </message>
    <message>
        <source>the pictures are refused</source>
        <translation>las imágenes se rechazan</translation>
    </message>
    <message>
        <source>the pictures are unchanged</source>
        <translation>las imágenes no han cambiado</translation>
    </message>
    <message>
        <source>the pictures could not be registered</source>
        <translation>no se pudieron registrar las imágenes</translation>
    </message>
    <message>
        <source>the pictures could not be shown</source>
        <translation>no se pudieron mostrar las imágenes</translation>
    </message>
    <message>
        <source>the pictures do not show the same structures</source>
        <translation>las imágenes no muestran las mismas estructuras</translation>
    </message>
    <message>
        <source>the pictures on the stage do not belong to this visit</source>
        <translation>las imágenes del visor no pertenecen a esta visita</translation>
    </message>
    <message>
        <source>the pictures shown are not those that were signed</source>
        <translation>las imágenes mostradas no son las que se firmaron</translation>
    </message>
    <message>
        <source>the pictures that you gave are unchanged</source>
        <translation>las imágenes que usted proporcionó no han cambiado</translation>
    </message>
    <message>
        <source>the pictures were not added: another visit was opened before the files were read. Add them again</source>
        <translation>las imágenes no se añadieron: se abrió otra visita antes de que se leyeran los archivos. Añádalas de nuevo</translation>
    </message>
    <message>
        <source>the pictures were prepared at {size} pixels, {name} reads {wanted}</source>
        <translation>las imágenes se prepararon a {size} píxeles, {name} lee {wanted}</translation>
    </message>
    <message>
        <source>the pixels ({shape}, {kind}) are not those of a picture of {width} x {height}</source>
        <translation>los píxeles ({shape}, {kind}) no son los de una imagen de {width} x {height}</translation>
    </message>
    <message>
        <source>the plan before still counts</source>
        <translation>el plan anterior sigue vigente</translation>
    </message>
    <message>
        <source>the point that was placed was not applied and is gone</source>
        <translation>el punto colocado no se aplicó y se perdió</translation>
    </message>
    <message>
        <source>the points do not fit each other well: look whether the tissue fits</source>
        <translation>los puntos no encajan bien entre sí: mire si el tejido encaja</translation>
    </message>
    <message>
        <source>the points fold the picture: one of them may lie wrong, so look whether the tissue fits</source>
        <translation>los puntos pliegan la imagen: uno de ellos puede estar mal colocado, así que mire si el tejido encaja</translation>
    </message>
    <message>
        <source>the points lie on top of each other or on one line</source>
        <translation>los puntos están unos sobre otros o en una misma línea</translation>
    </message>
    <message>
        <source>the program ended without closing this library, and {harm}</source>
        <translation>el programa terminó sin cerrar esta biblioteca, y {harm}</translation>
    </message>
    <message>
        <source>the program itself is damaged: install it again</source>
        <translation>el propio programa está dañado: instálelo de nuevo</translation>
    </message>
    <message>
        <source>the program that was in use still is</source>
        <translation>el programa que estaba en uso lo sigue estando</translation>
    </message>
    <message>
        <source>the pseudonym holds part of the patient's name or identifier</source>
        <translation>el seudónimo contiene parte del nombre o identificador de la paciente</translation>
    </message>
    <message>
        <source>the pseudonym is empty, too long or holds signs that DICOM does not</source>
        <translation>el seudónimo está vacío, es demasiado largo o contiene signos que DICOM no admite</translation>
    </message>
    <message>
        <source>the read before is unchanged</source>
        <translation>la lectura anterior no ha cambiado</translation>
    </message>
    <message>
        <source>the read is as before</source>
        <translation>la lectura está como antes</translation>
    </message>
    <message>
        <source>the reads before are kept</source>
        <translation>las lecturas anteriores se conservan</translation>
    </message>
    <message>
        <source>the recovery key</source>
        <translation>la clave de recuperación</translation>
    </message>
    <message>
        <source>the recovery key has a letter or digit wrong</source>
        <translation>la clave de recuperación tiene una letra o cifra incorrecta</translation>
    </message>
    <message>
        <source>the referral card</source>
        <translation>la ficha de derivación</translation>
    </message>
    <message>
        <source>the registration is unchanged</source>
        <translation>el registro de imágenes no ha cambiado</translation>
    </message>
    <message>
        <source>the registration may not be sent: {cause}</source>
        <translation>el registro de imágenes no se puede enviar: {cause}</translation>
    </message>
    <message>
        <source>the registration may not be used: {reason}</source>
        <translation>el registro de imágenes no se puede usar: {reason}</translation>
    </message>
    <message>
        <source>the registration {how}, which DICOM's Spatial Registration cannot hold</source>
        <translation>el registro de imágenes {how}, lo cual no cabe en Spatial Registration de DICOM</translation>
    </message>
    <message>
        <source>the report font is missing or damaged in {folder}</source>
        <translation>la fuente tipográfica de los informes falta o está dañada en {folder}</translation>
    </message>
    <message>
        <source>the result is as before</source>
        <translation>el resultado está como antes</translation>
    </message>
    <message>
        <source>the run cannot be told: {reason}</source>
        <translation>no se puede avisar a la ejecución: {reason}</translation>
    </message>
    <message>
        <source>the same picture stands under another woman too</source>
        <translation>la misma imagen figura también en otra paciente</translation>
    </message>
    <message>
        <source>the same picture twice</source>
        <translation>la misma imagen dos veces</translation>
    </message>
    <message>
        <source>the same picture was given twice</source>
        <translation>la misma imagen se dio dos veces</translation>
    </message>
    <message>
        <source>the same picture, saved anew, is on record for another woman ({identifier})</source>
        <translation>la misma imagen, guardada de nuevo, está registrada en otra paciente ({identifier})</translation>
    </message>
    <message>
        <source>the secret of the export is shorter than {fewest} bytes</source>
        <translation>el secreto de la exportación tiene menos de {fewest} bytes</translation>
    </message>
    <message>
        <source>the share of prediction sets that hold the label</source>
        <translation>la proporción de conjuntos de predicción que contienen la etiqueta</translation>
    </message>
    <message>
        <source>the share that is read again lies between 0 and 1</source>
        <translation>la proporción que se lee de nuevo está entre 0 y 1</translation>
    </message>
    <message>
        <source>the signature does not fit: the file is not what was signed</source>
        <translation>la firma no corresponde: el archivo no es lo que se firmó</translation>
    </message>
    <message>
        <source>the signed findings are unchanged</source>
        <translation>los hallazgos firmados no han cambiado</translation>
    </message>
    <message>
        <source>the simulated camera has no {control}</source>
        <translation>la cámara simulada no tiene {control}</translation>
    </message>
    <message>
        <source>the size of its frames cannot be</source>
        <translation>el tamaño de sus fotogramas es imposible</translation>
    </message>
    <message>
        <source>the size of the prediction sets</source>
        <translation>el tamaño de los conjuntos de predicción</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} cannot be checked: {problem}</source>
        <translation>no se puede comprobar la instantánea {snapshot}: {problem}</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} is damaged ({wrong}): bring back another one</source>
        <translation>la instantánea {snapshot} está dañada ({wrong}): recupere otra</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} of the backup {folder} is damaged ({wrong})</source>
        <translation>la instantánea {snapshot} de la copia de seguridad {folder} está dañada ({wrong})</translation>
    </message>
    <message>
        <source>the source of one is only a guess</source>
        <translation>la fuente de una es solo una suposición</translation>
    </message>
    <message>
        <source>the step {step} stands in it twice</source>
        <translation>el paso {step} figura en él dos veces</translation>
    </message>
    <message>
        <source>the stored registration cannot be read</source>
        <translation>no se puede leer el registro de imágenes guardado</translation>
    </message>
    <message>
        <source>the structures do not agree where the points put them</source>
        <translation>las estructuras no coinciden donde las colocan los puntos</translation>
    </message>
    <message>
        <source>the structures fit only in part</source>
        <translation>las estructuras solo encajan en parte</translation>
    </message>
    <message>
        <source>the system lacks {libraries}</source>
        <translation>al sistema le falta {libraries}</translation>
    </message>
    <message>
        <source>the time of a frame is no number</source>
        <translation>el tiempo de un fotograma no es un número</translation>
    </message>
    <message>
        <source>the time to the lock was not changed: {why}</source>
        <translation>el tiempo hasta el bloqueo no se cambió: {why}</translation>
    </message>
    <message>
        <source>the token width must be a multiple of the number of heads</source>
        <translation>el ancho de los tokens debe ser múltiplo del número de cabezas</translation>
    </message>
    <message>
        <source>the top</source>
        <translation>el nivel superior</translation>
    </message>
    <message>
        <source>the training failed: in {where} its loss was no number</source>
        <translation>el entrenamiento falló: en {where} su pérdida no fue un número</translation>
    </message>
    <message>
        <source>the trunks of {name} do not fit: only one of the two networks is built with PConv</source>
        <translation>los troncos de {name} no encajan: solo una de las dos redes está construida con PConv</translation>
    </message>
    <message>
        <source>the two pictures could not be put on each other</source>
        <translation>no se pudieron superponer las dos imágenes</translation>
    </message>
    <message>
        <source>the two pictures differ in size</source>
        <translation>las dos imágenes difieren en tamaño</translation>
    </message>
    <message>
        <source>the two pictures do not belong together</source>
        <translation>las dos imágenes no se corresponden</translation>
    </message>
    <message>
        <source>the two pictures look swapped</source>
        <translation>las dos imágenes parecen intercambiadas</translation>
    </message>
    <message>
        <source>the two pictures of case {case} differ in size</source>
        <translation>las dos imágenes del caso {case} difieren en tamaño</translation>
    </message>
    <message>
        <source>the two points are only {apart:.0f} pixels apart</source>
        <translation>los dos puntos están a solo {apart:.0f} píxeles uno de otro</translation>
    </message>
    <message>
        <source>the validation after epoch {epoch}</source>
        <translation>la validación tras la época {epoch}</translation>
    </message>
    <message>
        <source>the video cannot be written: {why}</source>
        <translation>no se puede escribir el video: {why}</translation>
    </message>
    <message>
        <source>the video could not be written whole: {found} of {shown} frames can be read again</source>
        <translation>el video no se pudo escribir completo: se pueden volver a leer {found} de {shown} fotogramas</translation>
    </message>
    <message>
        <source>the visit</source>
        <translation>la visita</translation>
    </message>
    <message>
        <source>the visit and all that is in it are kept</source>
        <translation>la visita y todo lo que contiene se conservan</translation>
    </message>
    <message>
        <source>the visit is not signed</source>
        <translation>la visita no está firmada</translation>
    </message>
    <message>
        <source>the weights are as before this step</source>
        <translation>los pesos están como antes de este paso</translation>
    </message>
    <message>
        <source>the weights do not fit the network: {weight} and {more} more</source>
        <translation>los pesos no encajan en la red: {weight} y {more} más</translation>
    </message>
    <message>
        <source>the weights of {name} are missing ({weights})</source>
        <translation>faltan los pesos de {name} ({weights})</translation>
    </message>
    <message>
        <source>the weights of {name} cannot be read ({error})</source>
        <translation>no se pueden leer los pesos de {name} ({error})</translation>
    </message>
    <message>
        <source>the weights of {name} hold values that are no numbers ({key})</source>
        <translation>los pesos de {name} contienen valores que no son números ({key})</translation>
    </message>
    <message>
        <source>the weights {name} do not fit the network</source>
        <translation>los pesos {name} no encajan en la red</translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} (hash {found}, {file} says {told})</source>
        <translation>los pesos {weights} no son los de {name} (hash {found}, {file} dice {told})</translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} ({size} bytes, its network has {most} at most)</source>
        <translation>los pesos {weights} no son los de {name} ({size} bytes, su red tiene {most} como máximo)</translation>
    </message>
    <message>
        <source>the white-light picture</source>
        <translation>la imagen de luz blanca</translation>
    </message>
    <message>
        <source>the white-light picture is kept</source>
        <translation>la imagen de luz blanca se conserva</translation>
    </message>
    <message>
        <source>the white-light picture shows no structure</source>
        <translation>la imagen de luz blanca no muestra ninguna estructura</translation>
    </message>
    <message>
        <source>the worker ended unexpectedly (exit code {code})</source>
        <translation>el proceso de trabajo terminó inesperadamente (código de salida {code})</translation>
    </message>
    <message>
        <source>the zip unpacks to more than {limit} GB</source>
        <translation>el archivo ZIP descomprimido supera {limit} GB</translation>
    </message>
    <message>
        <source>the {control} of a recording cannot be set</source>
        <translation>en una grabación no se puede ajustar: {control}</translation>
    </message>
    <message>
        <source>the {control} of this camera goes from {low:g} to {high:g}, not to {value:g}</source>
        <translation>{control}: en esta cámara va de {low:g} a {high:g}, no hasta {value:g}</translation>
    </message>
    <message>
        <source>the {name} picture is no array but {kind}</source>
        <translation>la imagen ({name}) no es una matriz sino {kind}</translation>
    </message>
    <message>
        <source>the {name} picture is {dtype} of shape {shape}</source>
        <translation>la imagen ({name}) es {dtype} de forma {shape}</translation>
    </message>
    <message>
        <source>the {source} picture: {problems}</source>
        <translation>la imagen de {source}: {problems}</translation>
    </message>
    <message>
        <source>their names differ in source and stage only</source>
        <translation>sus nombres solo difieren en fuente y fase</translation>
    </message>
    <message>
        <source>there are clips in the visit</source>
        <translation>hay clips en la visita</translation>
    </message>
    <message>
        <source>there are curves of whitening in the visit</source>
        <translation>hay curvas de blanqueamiento en la visita</translation>
    </message>
    <message>
        <source>there are drawings in the visit</source>
        <translation>hay dibujos en la visita</translation>
    </message>
    <message>
        <source>there are findings in the visit</source>
        <translation>hay hallazgos en la visita</translation>
    </message>
    <message>
        <source>there are lesions in the visit</source>
        <translation>hay lesiones en la visita</translation>
    </message>
    <message>
        <source>there are more cases than the memory holds</source>
        <translation>hay más casos de los que caben en la memoria</translation>
    </message>
    <message>
        <source>there are no frames to look at yet</source>
        <translation>aún no hay fotogramas que mirar</translation>
    </message>
    <message>
        <source>there are no pseudo-terminals on this system, so that a lamp cannot be simulated</source>
        <translation>no hay pseudoterminales en este sistema, por lo que no se puede simular una lámpara</translation>
    </message>
    <message>
        <source>there are no two pictures to play</source>
        <translation>no hay dos imágenes que reproducir</translation>
    </message>
    <message>
        <source>there are no two pictures to play: {reasons}</source>
        <translation>no hay dos imágenes que reproducir: {reasons}</translation>
    </message>
    <message>
        <source>there are none</source>
        <translation>no hay ninguna</translation>
    </message>
    <message>
        <source>there are pairs in the visit</source>
        <translation>hay pares en la visita</translation>
    </message>
    <message>
        <source>there are pictures in the visit</source>
        <translation>hay imágenes en la visita</translation>
    </message>
    <message>
        <source>there are reports that were signed in the visit</source>
        <translation>hay informes firmados en la visita</translation>
    </message>
    <message>
        <source>there are specimens in the visit</source>
        <translation>hay muestras en la visita</translation>
    </message>
    <message>
        <source>there are visits of this woman</source>
        <translation>hay visitas de esta paciente</translation>
    </message>
    <message>
        <source>there is a list of {count} numbers in {where}, as one for each case would be</source>
        <translation>hay una lista de {count} números en {where}, como lo sería una con uno por caso</translation>
    </message>
    <message>
        <source>there is a picture in {where}</source>
        <translation>hay una imagen en {where}</translation>
    </message>
    <message>
        <source>there is a referral card of the visit</source>
        <translation>hay una ficha de derivación de la visita</translation>
    </message>
    <message>
        <source>there is a result of histology in the visit</source>
        <translation>hay un resultado de histología en la visita</translation>
    </message>
    <message>
        <source>there is already a model in {out}</source>
        <translation>ya hay un modelo en {out}</translation>
    </message>
    <message>
        <source>there is already a model {name}</source>
        <translation>ya hay un modelo {name}</translation>
    </message>
    <message>
        <source>there is already another model {model} on this computer</source>
        <translation>ya hay otro modelo {model} en este equipo</translation>
    </message>
    <message>
        <source>there is an account {name} already</source>
        <translation>ya hay una cuenta {name}</translation>
    </message>
    <message>
        <source>there is an unknown file in it, {file}</source>
        <translation>hay un archivo desconocido en él, {file}</translation>
    </message>
    <message>
        <source>there is no camera</source>
        <translation>no hay ninguna cámara</translation>
    </message>
    <message>
        <source>there is no case that can be used</source>
        <translation>no hay ningún caso que se pueda usar</translation>
    </message>
    <message>
        <source>there is no copy {file}</source>
        <translation>no hay ninguna copia {file}</translation>
    </message>
    <message>
        <source>there is no earlier backup in {folder}: look for one elsewhere</source>
        <translation>no hay ninguna copia de seguridad anterior en {folder}: busque una en otro lugar</translation>
    </message>
    <message>
        <source>there is no file {file}</source>
        <translation>no existe el archivo {file}</translation>
    </message>
    <message>
        <source>there is no file {path}</source>
        <translation>no existe el archivo {path}</translation>
    </message>
    <message>
        <source>there is no folder {library}</source>
        <translation>no existe la carpeta {library}</translation>
    </message>
    <message>
        <source>there is no folder {path}</source>
        <translation>no existe la carpeta {path}</translation>
    </message>
    <message>
        <source>there is no frame in this clip</source>
        <translation>no hay ningún fotograma en este clip</translation>
    </message>
    <message>
        <source>there is no grade of rank {rank}</source>
        <translation>no hay ningún grado de rango {rank}</translation>
    </message>
    <message>
        <source>there is no lamp on {port}</source>
        <translation>no hay ninguna lámpara en {port}</translation>
    </message>
    <message>
        <source>there is no model {name!r}</source>
        <translation>no hay ningún modelo {name!r}</translation>
    </message>
    <message>
        <source>there is no pair of points</source>
        <translation>no hay ningún par de puntos</translation>
    </message>
    <message>
        <source>there is no snapshot in it: no backup was completed here</source>
        <translation>no contiene ninguna instantánea: aquí no se completó ninguna copia de seguridad</translation>
    </message>
    <message>
        <source>there is no step {step!r}</source>
        <translation>no hay ningún paso {step!r}</translation>
    </message>
    <message>
        <source>there is no such kind of camera</source>
        <translation>no existe ese tipo de cámara</translation>
    </message>
    <message>
        <source>there is no such kind of camera: {kind}</source>
        <translation>no existe ese tipo de cámara: {kind}</translation>
    </message>
    <message>
        <source>there is not enough free memory for this</source>
        <translation>no hay suficiente memoria libre para esto</translation>
    </message>
    <message>
        <source>there is nothing in these visits that can be exported</source>
        <translation>no hay nada en estas visitas que se pueda exportar</translation>
    </message>
    <message>
        <source>there is nothing to do; to go back to the version before, use: pfm update back</source>
        <translation>no hay nada que hacer; para volver a la versión anterior, use: pfm update back</translation>
    </message>
    <message>
        <source>there is nothing to focus on</source>
        <translation>no hay nada que enfocar</translation>
    </message>
    <message>
        <source>there is something behind the weights in {file}</source>
        <translation>hay algo detrás de los pesos en {file}</translation>
    </message>
    <message>
        <source>there is something between the weights in {file}</source>
        <translation>hay algo entre los pesos en {file}</translation>
    </message>
    <message>
        <source>there is too little room in {folder}: {needed} MB are needed, {free} MB are free</source>
        <translation>no hay espacio suficiente en {folder}: se necesitan {needed} MB y quedan libres {free} MB</translation>
    </message>
    <message>
        <source>thermal ablation</source>
        <translation>ablación térmica</translation>
    </message>
    <message>
        <source>these are no pair</source>
        <translation>estas no son un par</translation>
    </message>
    <message>
        <source>these pictures are no pair: one of white light, and one of fluorescence, through the green filter or after Lugol's iodine</source>
        <translation>estas imágenes no son un par: una de luz blanca, y una de fluorescencia, con filtro verde o tras el lugol</translation>
    </message>
    <message>
        <source>these two pictures are not of the same woman: they are not compared</source>
        <translation>estas dos imágenes no son de la misma paciente: no se comparan</translation>
    </message>
    <message>
        <source>they are unchanged</source>
        <translation>no han cambiado</translation>
    </message>
    <message>
        <source>they stand in the report alone</source>
        <translation>solo figuran en el informe</translation>
    </message>
    <message>
        <source>they stay in the histology inbox</source>
        <translation>permanecen en la bandeja de histología</translation>
    </message>
    <message>
        <source>thin acetowhite epithelium</source>
        <translation>epitelio acetoblanco fino</translation>
    </message>
    <message>
        <source>this assessment is not in the library</source>
        <translation>esta evaluación no está en la biblioteca</translation>
    </message>
    <message>
        <source>this build of the program has no key to check update files with</source>
        <translation>esta compilación del programa no tiene clave con la que comprobar archivos de actualización</translation>
    </message>
    <message>
        <source>this camera does not let its {control} be set</source>
        <translation>esta cámara no permite este ajuste: {control}</translation>
    </message>
    <message>
        <source>this camera does not set its {control} by itself</source>
        <translation>esta cámara no hace por sí sola este ajuste: {control}</translation>
    </message>
    <message>
        <source>this clip has no frame {number}</source>
        <translation>este clip no tiene el fotograma {number}</translation>
    </message>
    <message>
        <source>this clip is being recorded</source>
        <translation>este clip se está grabando</translation>
    </message>
    <message>
        <source>this clip is closed: nothing is added to it</source>
        <translation>este clip está cerrado: no se le añade nada</translation>
    </message>
    <message>
        <source>this clip is longer than the {hours:.0f} hours that a video may have</source>
        <translation>este clip dura más que las {hours:.0f} horas que puede tener un video</translation>
    </message>
    <message>
        <source>this clip is not in the library</source>
        <translation>este clip no está en la biblioteca</translation>
    </message>
    <message>
        <source>this clip is not of the visit that is open</source>
        <translation>este clip no es de la visita que está abierta</translation>
    </message>
    <message>
        <source>this clip is too long for an AVI file</source>
        <translation>este clip es demasiado largo para un archivo AVI</translation>
    </message>
    <message>
        <source>this contour is no longer in the library</source>
        <translation>este contorno ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this curve of whitening has values that are no numbers</source>
        <translation>esta curva de blanqueamiento tiene valores que no son números</translation>
    </message>
    <message>
        <source>this curve of whitening is not in the library</source>
        <translation>esta curva de blanqueamiento no está en la biblioteca</translation>
    </message>
    <message>
        <source>this device gives no fluorescence</source>
        <translation>este dispositivo no da fluorescencia</translation>
    </message>
    <message>
        <source>this device takes its pairs itself</source>
        <translation>este dispositivo toma sus pares por sí mismo</translation>
    </message>
    <message>
        <source>this device takes its pictures itself</source>
        <translation>este dispositivo toma sus imágenes por sí mismo</translation>
    </message>
    <message>
        <source>this earlier picture is no longer in the library</source>
        <translation>esta imagen anterior ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this findings is no longer in the library</source>
        <translation>estos hallazgos ya no están en la biblioteca</translation>
    </message>
    <message>
        <source>this is a read of {reader}: nobody else changes it or takes it away</source>
        <translation>esta es una lectura de {reader}: nadie más la cambia ni la quita</translation>
    </message>
    <message>
        <source>this is no PDF</source>
        <translation>esto no es un PDF</translation>
    </message>
    <message>
        <source>this is no contour: it encloses nothing</source>
        <translation>esto no es un contorno: no encierra nada</translation>
    </message>
    <message>
        <source>this is no dark frame: {why}</source>
        <translation>esto no es un fotograma oscuro: {why}</translation>
    </message>
    <message>
        <source>this is no export for research: {what}</source>
        <translation>esto no es una exportación para investigación: {what}</translation>
    </message>
    <message>
        <source>this is no fluorescence picture (stage: {stage})</source>
        <translation>esta no es una imagen de fluorescencia (fase: {stage})</translation>
    </message>
    <message>
        <source>this is no line</source>
        <translation>esto no es una línea</translation>
    </message>
    <message>
        <source>this is no outline of a cervix</source>
        <translation>esto no es un contorno de un cuello uterino</translation>
    </message>
    <message>
        <source>this is no white-light picture (stage: {stage})</source>
        <translation>esta no es una imagen de luz blanca (fase: {stage})</translation>
    </message>
    <message>
        <source>this is not an address of a network camera</source>
        <translation>esta no es una dirección de una cámara de red</translation>
    </message>
    <message>
        <source>this is not the fingerprint of its key</source>
        <translation>esta no es la huella de su clave</translation>
    </message>
    <message>
        <source>this is not the recovery key of this backup</source>
        <translation>esta no es la clave de recuperación de esta copia de seguridad</translation>
    </message>
    <message>
        <source>this is not the recovery key of this library</source>
        <translation>esta no es la clave de recuperación de esta biblioteca</translation>
    </message>
    <message>
        <source>this lesion is no longer in the visit</source>
        <translation>esta lesión ya no está en la visita</translation>
    </message>
    <message>
        <source>this lesion is not in the library</source>
        <translation>esta lesión no está en la biblioteca</translation>
    </message>
    <message>
        <source>this library has no account {name} on record</source>
        <translation>esta biblioteca no tiene registrada ninguna cuenta {name}</translation>
    </message>
    <message>
        <source>this library has no recovery key</source>
        <translation>esta biblioteca no tiene clave de recuperación</translation>
    </message>
    <message>
        <source>this library is not encrypted and has no accounts</source>
        <translation>esta biblioteca no está cifrada y no tiene cuentas</translation>
    </message>
    <message>
        <source>this library is older than when it was last used on this computer ({when}): what was done since is not in it, as if a copy from before had been put in its place. Look for the newer one, in a backup or another folder, before you go on here</source>
        <translation>esta biblioteca es más antigua que cuando se usó por última vez en este equipo ({when}): lo que se hizo desde entonces no está en ella, como si se hubiera puesto en su lugar una copia anterior. Busque la más reciente, en una copia de seguridad o en otra carpeta, antes de continuar aquí</translation>
    </message>
    <message>
        <source>this library is open for reading only</source>
        <translation>esta biblioteca está abierta solo para lectura</translation>
    </message>
    <message>
        <source>this library is open for reading only ({reason}), so an export cannot be put on record</source>
        <translation>esta biblioteca está abierta solo para lectura ({reason}), por lo que una exportación no puede quedar registrada</translation>
    </message>
    <message>
        <source>this library is open for reading only: {reason}</source>
        <translation>esta biblioteca está abierta solo para lectura: {reason}</translation>
    </message>
    <message>
        <source>this library is open for reading only: {why}</source>
        <translation>esta biblioteca está abierta solo para lectura: {why}</translation>
    </message>
    <message>
        <source>this library was brought from version {old} to {new}. A copy of its database as it was before is kept: {file}</source>
        <translation>esta biblioteca se pasó de la versión {old} a la {new}. Se conserva una copia de su base de datos tal como era antes: {file}</translation>
    </message>
    <message>
        <source>this lies within the contour of lesion {number} already</source>
        <translation>esto ya está dentro del contorno de la lesión {number}</translation>
    </message>
    <message>
        <source>this line has no such corner</source>
        <translation>esta línea no tiene ese vértice</translation>
    </message>
    <message>
        <source>this line is no longer in the library</source>
        <translation>esta línea ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this makes {size:.4g} mm a pixel, which no colposcope has</source>
        <translation>esto da {size:.4g} mm por píxel, lo que no tiene ningún colposcopio</translation>
    </message>
    <message>
        <source>this model is not passed on: {what}</source>
        <translation>este modelo no se entrega: {what}</translation>
    </message>
    <message>
        <source>this model is {state}, not active</source>
        <translation>este modelo no está activo (estado: {state})</translation>
    </message>
    <message>
        <source>this model is {state}, not promoted</source>
        <translation>este modelo no está promovido (estado: {state})</translation>
    </message>
    <message>
        <source>this model reads {sources}; this pair is {given}</source>
        <translation>este modelo lee {sources}; este par es {given}</translation>
    </message>
    <message>
        <source>this model reads {sources}; this picture is {given}</source>
        <translation>este modelo lee {sources}; esta imagen es {given}</translation>
    </message>
    <message>
        <source>this model was not written, as nothing could ask it: {error}</source>
        <translation>este modelo no se escribió, porque nada podría consultarlo: {error}</translation>
    </message>
    <message>
        <source>this network has no attention to follow</source>
        <translation>esta red no tiene atención que seguir</translation>
    </message>
    <message>
        <source>this one shows no structure</source>
        <translation>esta no muestra ninguna estructura</translation>
    </message>
    <message>
        <source>this os mark is no longer in the library</source>
        <translation>esta marca del orificio externo ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this outline of the cervix is no longer in the library</source>
        <translation>este contorno del cuello uterino ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this pair has no fluorescence picture to mark</source>
        <translation>este par no tiene imagen de fluorescencia que marcar</translation>
    </message>
    <message>
        <source>this pair has no white-light picture to mark</source>
        <translation>este par no tiene imagen de luz blanca que marcar</translation>
    </message>
    <message>
        <source>this pair is no longer in the library</source>
        <translation>este par ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this pair is not in the task</source>
        <translation>este par no está en la tarea</translation>
    </message>
    <message>
        <source>this pair was read already, perhaps in another window</source>
        <translation>este par ya se leyó, quizá en otra ventana</translation>
    </message>
    <message>
        <source>this password will not do: it has fewer than {count} letters</source>
        <translation>esta contraseña no sirve: tiene menos de {count} letras</translation>
    </message>
    <message>
        <source>this password will not do: it is little more than the name</source>
        <translation>esta contraseña no sirve: es poco más que el nombre</translation>
    </message>
    <message>
        <source>this password will not do: it is one of those that are tried first</source>
        <translation>esta contraseña no sirve: es una de las que se prueban primero</translation>
    </message>
    <message>
        <source>this password will not do: it is too long</source>
        <translation>esta contraseña no sirve: es demasiado larga</translation>
    </message>
    <message>
        <source>this patient is not in the library</source>
        <translation>esta paciente no está en la biblioteca</translation>
    </message>
    <message>
        <source>this picture is no longer in the library</source>
        <translation>esta imagen ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this picture is not in the library</source>
        <translation>esta imagen no está en la biblioteca</translation>
    </message>
    <message>
        <source>this pin is no longer in the library</source>
        <translation>esta marca de biopsia ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this place lies outside of the picture</source>
        <translation>este lugar está fuera de la imagen</translation>
    </message>
    <message>
        <source>this plan cannot be followed: {error}</source>
        <translation>este plan no se puede seguir: {error}</translation>
    </message>
    <message>
        <source>this program runs from its source, and is not installed</source>
        <translation>este programa se ejecuta desde su código fuente y no está instalado</translation>
    </message>
    <message>
        <source>this read is gone already</source>
        <translation>esta lectura ya no existe</translation>
    </message>
    <message>
        <source>this referral is not in the library</source>
        <translation>esta derivación no está en la biblioteca</translation>
    </message>
    <message>
        <source>this run has no model ({state})</source>
        <translation>esta ejecución no tiene modelo ({state})</translation>
    </message>
    <message>
        <source>this run is not in the library</source>
        <translation>esta ejecución no está en la biblioteca</translation>
    </message>
    <message>
        <source>this run is {state}</source>
        <translation>estado de esta ejecución: {state}</translation>
    </message>
    <message>
        <source>this specimen is not in the library</source>
        <translation>esta muestra no está en la biblioteca</translation>
    </message>
    <message>
        <source>this step does not stand in the plan of the examination</source>
        <translation>este paso no figura en el plan de la exploración</translation>
    </message>
    <message>
        <source>this task is closed, or gone: it takes no more reads</source>
        <translation>esta tarea está cerrada, o ya no existe: no admite más lecturas</translation>
    </message>
    <message>
        <source>this task is closed: nothing can be decided in it</source>
        <translation>esta tarea está cerrada: no se puede decidir nada en ella</translation>
    </message>
    <message>
        <source>this task is gone</source>
        <translation>esta tarea ya no existe</translation>
    </message>
    <message>
        <source>this user may not read {path}</source>
        <translation>este usuario no tiene permiso para leer {path}</translation>
    </message>
    <message>
        <source>this user may not use {name} ({node})</source>
        <translation>este usuario no tiene permiso para usar {name} ({node})</translation>
    </message>
    <message>
        <source>this very model is here already, as {name}</source>
        <translation>este mismo modelo ya está aquí, como {name}</translation>
    </message>
    <message>
        <source>this visit</source>
        <translation>esta visita</translation>
    </message>
    <message>
        <source>this visit is a woman's already</source>
        <translation>esta visita ya es de una paciente</translation>
    </message>
    <message>
        <source>this visit is hers already</source>
        <translation>esta visita ya es de esta paciente</translation>
    </message>
    <message>
        <source>this visit is no longer in the library</source>
        <translation>esta visita ya no está en la biblioteca</translation>
    </message>
    <message>
        <source>this visit is not in the library</source>
        <translation>esta visita no está en la biblioteca</translation>
    </message>
    <message>
        <source>this visit is not signed</source>
        <translation>esta visita no está firmada</translation>
    </message>
    <message>
        <source>this visit is not signed: nobody has said who the woman is</source>
        <translation>esta visita no está firmada: nadie ha indicado quién es la paciente</translation>
    </message>
    <message>
        <source>this visit's picture shows no structure</source>
        <translation>la imagen de esta visita no muestra ninguna estructura</translation>
    </message>
    <message>
        <source>threshold {threshold:.2f}</source>
        <translation>umbral {threshold:.2f}</translation>
    </message>
    <message>
        <source>time</source>
        <translation>hora</translation>
    </message>
    <message>
        <source>time not known</source>
        <translation>tiempo desconocido</translation>
    </message>
    <message>
        <source>time of a visit</source>
        <translation>hora de una visita</translation>
    </message>
    <message>
        <source>to be discussed</source>
        <translation>pendiente de discutir</translation>
    </message>
    <message>
        <source>to draw it, go back to those pictures and begin anew</source>
        <translation>para dibujarlo, vuelva a esas imágenes y empiece de nuevo</translation>
    </message>
    <message>
        <source>to learn from</source>
        <translation>para aprender</translation>
    </message>
    <message>
        <source>to register by hand, open that visit again and place them anew</source>
        <translation>para registrar a mano, abra de nuevo esa visita y vuelva a colocarlos</translation>
    </message>
    <message>
        <source>to remove it press Delete</source>
        <translation>para quitarlo pulse Supr</translation>
    </message>
    <message>
        <source>to take a part away use the eraser (E); for another lesion add one in Findings</source>
        <translation>para quitar una parte use el borrador (E); para otra lesión añada una en Hallazgos</translation>
    </message>
    <message>
        <source>too bright</source>
        <translation>demasiado clara</translation>
    </message>
    <message>
        <source>too dark</source>
        <translation>demasiado oscura</translation>
    </message>
    <message>
        <source>too dark or too bright</source>
        <translation>demasiado oscuro o demasiado claro</translation>
    </message>
    <message>
        <source>too dark to tell</source>
        <translation>demasiado oscuro para saberlo</translation>
    </message>
    <message>
        <source>too few patients to fine-tune: each grade needs {enough}; missing: {grades}</source>
        <translation>muy pocas pacientes para el ajuste fino: cada grado necesita {enough}; faltan: {grades}</translation>
    </message>
    <message>
        <source>too few points: nothing was drawn</source>
        <translation>muy pocos puntos: no se dibujó nada</translation>
    </message>
    <message>
        <source>too few structures to compare: look whether the tissue fits</source>
        <translation>muy pocas estructuras para comparar: mire si el tejido coincide</translation>
    </message>
    <message>
        <source>too few women to learn from: each grade needs {enough}; missing: {grades}</source>
        <translation>muy pocas pacientes de las que aprender: cada grado necesita {enough}; faltan: {grades}</translation>
    </message>
    <message>
        <source>too large: {size:.0f} MB, at most {limit} MB a file</source>
        <translation>demasiado grande: {size:.0f} MB, máximo {limit} MB por archivo</translation>
    </message>
    <message>
        <source>too little overlap</source>
        <translation>muy poca superposición</translation>
    </message>
    <message>
        <source>too many wrong passwords</source>
        <translation>demasiadas contraseñas incorrectas</translation>
    </message>
    <message>
        <source>too small</source>
        <translation>demasiado pequeña</translation>
    </message>
    <message>
        <source>tool: {tool}</source>
        <translation>herramienta: {tool}</translation>
    </message>
    <message>
        <source>total</source>
        <comment>Hysterectomy</comment>
        <translation>total</translation>
    </message>
    <message>
        <source>train</source>
        <comment>part of the cases</comment>
        <translation>entrenamiento</translation>
    </message>
    <message>
        <source>train a model from it with `pfm train MANIFEST --out DIR --start {name}`</source>
        <translation>entrene un modelo a partir de él con `pfm train MANIFEST --out DIR --start {name}`</translation>
    </message>
    <message>
        <source>train from nothing, without a start</source>
        <translation>entrene desde cero, sin punto de partida</translation>
    </message>
    <message>
        <source>train it again, or bring it in as it is: `pfm models import {folder} --name NEW`</source>
        <translation>entrénelo de nuevo o incorpórelo tal como está: `pfm models import {folder} --name NEW`</translation>
    </message>
    <message>
        <source>train with --variant {variant}, or start from another model</source>
        <translation>entrene con --variant {variant} o parta de otro modelo</translation>
    </message>
    <message>
        <source>transfer syntax {syntax!r}</source>
        <translation>sintaxis de transferencia {syntax!r}</translation>
    </message>
    <message>
        <source>transformation zone</source>
        <translation>zona de transformación</translation>
    </message>
    <message>
        <source>transparency (alpha) composited over black</source>
        <translation>transparencia (alfa) compuesta sobre negro</translation>
    </message>
    <message>
        <source>treated: {answer}</source>
        <translation>tratamiento: {answer}</translation>
    </message>
    <message>
        <source>treatment, recall, discharge</source>
        <translation>tratamiento, control, alta</translation>
    </message>
    <message>
        <source>try again once that is over</source>
        <translation>inténtelo de nuevo cuando eso haya terminado</translation>
    </message>
    <message>
        <source>try again; capitals and small letters differ</source>
        <translation>inténtelo de nuevo; se distinguen mayúsculas y minúsculas</translation>
    </message>
    <message>
        <source>try the password of that day (capitals and small letters differ), the recovery key of that day (--recovery-key), or another backup (--list, --at)</source>
        <translation>pruebe la contraseña de ese día (se distinguen mayúsculas y minúsculas), la clave de recuperación de ese día (--recovery-key) u otra copia de seguridad (--list, --at)</translation>
    </message>
    <message>
        <source>tumour, gross neoplasm</source>
        <translation>tumor, neoplasia macroscópica</translation>
    </message>
    <message>
        <source>turned</source>
        <translation>girada</translation>
    </message>
    <message>
        <source>turned upright as its EXIF data says</source>
        <translation>enderezada según sus datos EXIF</translation>
    </message>
    <message>
        <source>two different names are said for one woman</source>
        <translation>se indican dos nombres distintos para una sola paciente</translation>
    </message>
    <message>
        <source>two different names are said for the identifier {identifier}</source>
        <translation>se indican dos nombres distintos para el identificador {identifier}</translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Transformation zone</comment>
        <translation>tipo 1</translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Excision</comment>
        <translation>tipo 1</translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Transformation zone</comment>
        <translation>tipo 2</translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Excision</comment>
        <translation>tipo 2</translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Transformation zone</comment>
        <translation>tipo 3</translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Excision</comment>
        <translation>tipo 3</translation>
    </message>
    <message>
        <source>type all nine groups of four letters and digits as they were printed</source>
        <translation>escriba los nueve grupos de cuatro letras y cifras tal como se imprimieron</translation>
    </message>
    <message>
        <source>type all {count} digits, as Settings of the library shows them</source>
        <translation>escriba los {count} dígitos, tal como los muestran los Ajustes de la biblioteca</translation>
    </message>
    <message>
        <source>type the name anew, in one alphabet</source>
        <translation>escriba el nombre de nuevo, en un solo alfabeto</translation>
    </message>
    <message>
        <source>type what its sender told you; where that is what you typed, the file is not its sender's</source>
        <translation>escriba la que le dijo quien lo envía; si es la que escribió, el archivo no es de esa persona</translation>
    </message>
    <message>
        <source>ulceration (necrotic)</source>
        <translation>ulceración (necrótica)</translation>
    </message>
    <message>
        <source>under 1 s</source>
        <translation>menos de 1 s</translation>
    </message>
    <message>
        <source>under {error} px</source>
        <translation>menos de {error} px</translation>
    </message>
    <message>
        <source>undo</source>
        <translation>deshacer</translation>
    </message>
    <message>
        <source>unexpected error: {kind}: {error}</source>
        <translation>error inesperado: {kind}: {error}</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>day</comment>
        <translation>desconocida</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>how sure</comment>
        <translation>desconocido</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>birth date</comment>
        <translation>desconocida</translation>
    </message>
    <message>
        <source>unknown grade</source>
        <translation>grado desconocido</translation>
    </message>
    <message>
        <source>unknown splice {splice!r}</source>
        <translation>fusión desconocida {splice!r}</translation>
    </message>
    <message>
        <source>unknown variant {variant!r}</source>
        <translation>variante desconocida {variant!r}</translation>
    </message>
    <message>
        <source>unpack it first</source>
        <translation>descomprímalo primero</translation>
    </message>
    <message>
        <source>unpack it first, then choose its folder</source>
        <translation>descomprímalo primero y luego elija su carpeta</translation>
    </message>
    <message>
        <source>unpack it where there is room, and give its folder</source>
        <translation>descomprímalo donde haya espacio e indique su carpeta</translation>
    </message>
    <message>
        <source>unpack version {version} there again, then try again</source>
        <translation>desempaquete allí de nuevo la versión {version} e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>unpacks to more than 200 times its size, as no picture does</source>
        <translation>descomprimido ocupa más de 200 veces su tamaño, como no lo hace ninguna imagen</translation>
    </message>
    <message>
        <source>unplug it and plug it in</source>
        <translation>desconéctela y conéctela</translation>
    </message>
    <message>
        <source>unplug it and plug it in again</source>
        <translation>desconéctela y conéctela de nuevo</translation>
    </message>
    <message>
        <source>unsatisfactory</source>
        <translation>insatisfactoria</translation>
    </message>
    <message>
        <source>unsure</source>
        <comment>how sure</comment>
        <translation>dudoso</translation>
    </message>
    <message>
        <source>unusable</source>
        <comment>quality</comment>
        <translation>inutilizable</translation>
    </message>
    <message>
        <source>unusual colours</source>
        <translation>colores inusuales</translation>
    </message>
    <message>
        <source>up</source>
        <translation>subir</translation>
    </message>
    <message>
        <source>up</source>
        <comment>where to swing</comment>
        <translation>arriba</translation>
    </message>
    <message>
        <source>update files are for installed programs; bring the source up to date instead</source>
        <translation>los archivos de actualización son para programas instalados; actualice el código fuente</translation>
    </message>
    <message>
        <source>update the program</source>
        <translation>actualice el programa</translation>
    </message>
    <message>
        <source>update the program to read this model</source>
        <translation>actualice el programa para leer este modelo</translation>
    </message>
    <message>
        <source>update the program, or choose another model</source>
        <translation>actualice el programa o elija otro modelo</translation>
    </message>
    <message>
        <source>update this program</source>
        <translation>actualice este programa</translation>
    </message>
    <message>
        <source>update this program, or bring the library back to this version: pfm update back --library FOLDER</source>
        <translation>actualice este programa, o devuelva la biblioteca a esta versión: pfm update back --library FOLDER</translation>
    </message>
    <message>
        <source>upper third</source>
        <translation>tercio superior</translation>
    </message>
    <message>
        <source>use a real lamp, or Linux or macOS</source>
        <translation>use una lámpara real, o Linux o macOS</translation>
    </message>
    <message>
        <source>use digits, letters, - _ + and .</source>
        <translation>use dígitos, letras, - _ + y .</translation>
    </message>
    <message>
        <source>use letters, digits, - _ and .</source>
        <translation>use letras, dígitos, - _ y .</translation>
    </message>
    <message>
        <source>use one of {names}</source>
        <translation>use uno de estos: {names}</translation>
    </message>
    <message>
        <source>use the newer file; to go back to the version before, use: pfm update back</source>
        <translation>use el archivo más nuevo; para volver a la versión anterior, use: pfm update back</translation>
    </message>
    <message>
        <source>vaginal stenosis</source>
        <translation>estenosis vaginal</translation>
    </message>
    <message>
        <source>validation</source>
        <comment>part of the cases</comment>
        <translation>validación</translation>
    </message>
    <message>
        <source>version {version} is installed, and {file} holds {other}</source>
        <translation>está instalada la versión {version}, y {file} contiene la {other}</translation>
    </message>
    <message>
        <source>videos go out one by one, from the clips in Capture</source>
        <translation>los videos se exportan uno a uno, desde los clips de Captura</translation>
    </message>
    <message>
        <source>visit</source>
        <comment>kind of record</comment>
        <translation>visita</translation>
    </message>
    <message>
        <source>visit of {visit}</source>
        <translation>visita del {visit}</translation>
    </message>
    <message numerus="yes">
        <source>visit of {when}, %n picture(s)</source>
        <translation>
            <numerusform>visita del {when}, %n imagen</numerusform>
            <numerusform>visita del {when}, %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>vitamin K antagonist</source>
        <translation>antagonista de la vitamina K</translation>
    </message>
    <message>
        <source>wait for it</source>
        <translation>espere a que llegue</translation>
    </message>
    <message>
        <source>wait until frames were taken after acid</source>
        <translation>espere a que se hayan tomado fotogramas tras el ácido</translation>
    </message>
    <message>
        <source>wait until it gives pictures again, then repeat this</source>
        <translation>espere a que vuelva a dar imágenes y luego repita esto</translation>
    </message>
    <message>
        <source>wait until it gives pictures, then repeat this</source>
        <translation>espere a que dé imágenes y luego repita esto</translation>
    </message>
    <message>
        <source>wait until more frames were taken after acid</source>
        <translation>espere a que se hayan tomado más fotogramas tras el ácido</translation>
    </message>
    <message>
        <source>wait until that has ended, or stop it below; then do it again</source>
        <translation>espere a que eso termine o deténgalo abajo; luego hágalo de nuevo</translation>
    </message>
    <message>
        <source>wait until that run has ended, or name another folder</source>
        <translation>espere a que esa ejecución termine o indique otra carpeta</translation>
    </message>
    <message>
        <source>wait {seconds} seconds, then try again</source>
        <translation>espere {seconds} segundos y luego inténtelo de nuevo</translation>
    </message>
    <message numerus="yes">
        <source>waiting %n day(s)</source>
        <translation>
            <numerusform>en espera %n día</numerusform>
            <numerusform>en espera %n días</numerusform>
        </translation>
    </message>
    <message>
        <source>warp one onto the other</source>
        <translation>deforme una para ajustarla a la otra</translation>
    </message>
    <message>
        <source>warp one onto the other first</source>
        <translation>deforme primero una para ajustarla a la otra</translation>
    </message>
    <message>
        <source>was prepared at another size than {size}</source>
        <translation>se preparó con un tamaño distinto de {size}</translation>
    </message>
    <message>
        <source>was prepared from other cases, pictures or sources than the manifest names: {differ} of its {rows} cases differ, such as {case}</source>
        <translation>se preparó con otros casos, imágenes o fuentes que los que indica el manifiesto: {differ} de sus {rows} casos difieren, como {case}</translation>
    </message>
    <message>
        <source>was written by a newer version of this program</source>
        <comment>a file</comment>
        <translation>fue escrito por una versión más nueva de este programa</translation>
    </message>
    <message>
        <source>was written over at its beginning</source>
        <comment>a file</comment>
        <translation>se sobrescribió al principio</translation>
    </message>
    <message>
        <source>was {name}, born {born}, ID {identifier}</source>
        <translation>era {name}, nac. {born}, ID {identifier}</translation>
    </message>
    <message>
        <source>well exposed</source>
        <translation>bien expuesta</translation>
    </message>
    <message>
        <source>what I saw</source>
        <translation>lo que vi</translation>
    </message>
    <message>
        <source>what a model was trained on is not one line of at most {most} letters</source>
        <translation>aquello con lo que se entrenó un modelo no es una sola línea de {most} letras como máximo</translation>
    </message>
    <message>
        <source>what came from the camera is no whole picture</source>
        <translation>lo que llegó de la cámara no es una imagen completa</translation>
    </message>
    <message>
        <source>what earlier updates changed cannot be read: {file}</source>
        <translation>no se puede leer qué cambiaron las actualizaciones anteriores: {file}</translation>
    </message>
    <message>
        <source>what finds the cervix cannot be read: {error}</source>
        <translation>el detector del cuello uterino no se puede leer: {error}</translation>
    </message>
    <message>
        <source>what finds the cervix cannot be used by this OpenCV</source>
        <translation>este OpenCV no puede usar el detector del cuello uterino</translation>
    </message>
    <message>
        <source>what finds the cervix is not what was shipped</source>
        <translation>el detector del cuello uterino no es el que se suministró</translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be read: {error}</source>
        <translation>el detector de palabras en imágenes no se puede leer: {error}</translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be used by this OpenCV</source>
        <translation>este OpenCV no puede usar el detector de palabras en imágenes</translation>
    </message>
    <message>
        <source>what finds words in pictures is not what was shipped</source>
        <translation>el detector de palabras en imágenes no es el que se suministró</translation>
    </message>
    <message>
        <source>what is drawn is kept</source>
        <translation>lo dibujado se conserva</translation>
    </message>
    <message>
        <source>what is on {port} answers {said!r}, which is not what was asked</source>
        <translation>lo que hay en {port} responde {said!r}, que no es lo que se preguntó</translation>
    </message>
    <message>
        <source>what is signed in it is missing or altered</source>
        <translation>lo que está firmado en él falta o fue alterado</translation>
    </message>
    <message>
        <source>what is taken after acetic acid must come after the step that starts its clock</source>
        <translation>lo que se toma tras el ácido acético debe ir después del paso que pone en marcha su reloj</translation>
    </message>
    <message>
        <source>what it saves comes into the visit</source>
        <translation>lo que guarde entra en la visita</translation>
    </message>
    <message>
        <source>what speaks for cancer</source>
        <translation>lo que habla a favor de cáncer</translation>
    </message>
    <message>
        <source>what speaks for high</source>
        <translation>lo que habla a favor de alto grado</translation>
    </message>
    <message>
        <source>what speaks for high, not for normal</source>
        <translation>lo que habla a favor de alto grado, no de normal</translation>
    </message>
    <message>
        <source>what speaks for low</source>
        <translation>lo que habla a favor de bajo grado</translation>
    </message>
    <message>
        <source>what stands on a pot has at most {most} characters</source>
        <translation>lo que figura en un frasco tiene como máximo {most} caracteres</translation>
    </message>
    <message>
        <source>what stood there before is unchanged</source>
        <translation>lo que había allí antes no ha cambiado</translation>
    </message>
    <message>
        <source>what takes the pictures does not come to an end</source>
        <translation>lo que toma las imágenes no termina</translation>
    </message>
    <message>
        <source>what was finished before is kept, and nothing was left half written</source>
        <translation>lo que se terminó antes se conserva, y nada quedó escrito a medias</translation>
    </message>
    <message>
        <source>what was finished is kept</source>
        <translation>lo que se terminó se conserva</translation>
    </message>
    <message>
        <source>what was put back until now stays</source>
        <translation>lo que se repuso hasta ahora permanece</translation>
    </message>
    <message>
        <source>what was read before the AI answer was shown stays as it was</source>
        <translation>lo que se leyó antes de mostrar la respuesta de la IA queda como estaba</translation>
    </message>
    <message>
        <source>what was recorded before is kept</source>
        <translation>lo que se grabó antes se conserva</translation>
    </message>
    <message>
        <source>what was written last</source>
        <translation>lo último que se escribió</translation>
    </message>
    <message>
        <source>what was written of it is removed, and the clip is unchanged</source>
        <translation>lo que se escribió de él se elimina, y el clip no cambia</translation>
    </message>
    <message>
        <source>what was written so far is removed</source>
        <translation>lo escrito hasta ahora se elimina</translation>
    </message>
    <message>
        <source>when it was is not known: {reason}</source>
        <translation>no se sabe cuándo fue: {reason}</translation>
    </message>
    <message>
        <source>when it was is only a guess: {reason}</source>
        <translation>cuándo fue es solo una suposición: {reason}</translation>
    </message>
    <message>
        <source>when no program has it open, copy the whole folder to a place that can be written and use it there</source>
        <translation>cuando ningún programa la tenga abierta, copie la carpeta entera a un lugar donde se pueda escribir y úsela allí</translation>
    </message>
    <message>
        <source>when the disk can be written again, open it</source>
        <translation>cuando se pueda escribir de nuevo en el disco, ábrala</translation>
    </message>
    <message>
        <source>when the disk can be written again, open it with your password</source>
        <translation>cuando se pueda escribir de nuevo en el disco, ábrala con su contraseña</translation>
    </message>
    <message>
        <source>when this library was opened the clock of the computer said {now}, and the last entry was of {last}: check the clock. The order in which all was done is kept, and nothing is lost</source>
        <translation>al abrir esta biblioteca, el reloj del equipo marcaba {now}, y la última entrada era del {last}: compruebe el reloj. El orden en que se hizo todo se conserva, y no se ha perdido nada</translation>
    </message>
    <message>
        <source>where it is the wrong one, move it to another patient</source>
        <translation>si no es la paciente correcta, muévala a otra paciente</translation>
    </message>
    <message>
        <source>which is before {year}</source>
        <translation>que es anterior a {year}</translation>
    </message>
    <message>
        <source>which is still to come</source>
        <translation>que aún está por venir</translation>
    </message>
    <message>
        <source>which pictures there are to be cannot be read: those were checked that are there, and none is missed</source>
        <translation>no se puede leer qué imágenes debe haber: se comprobaron las que hay, y no se da ninguna por ausente</translation>
    </message>
    <message>
        <source>which promises nothing for such pictures</source>
        <translation>que no promete nada para tales imágenes</translation>
    </message>
    <message>
        <source>white</source>
        <comment>light</comment>
        <translation>luz blanca</translation>
    </message>
    <message>
        <source>white + fluorescence</source>
        <translation>blanca + fluorescencia</translation>
    </message>
    <message>
        <source>white balance</source>
        <translation>balance de blancos</translation>
    </message>
    <message>
        <source>white light</source>
        <comment>pictures of a visit</comment>
        <translation>luz blanca</translation>
    </message>
    <message>
        <source>white light</source>
        <translation>luz blanca</translation>
    </message>
    <message>
        <source>white-light picture</source>
        <translation>imagen de luz blanca</translation>
    </message>
    <message>
        <source>whitening</source>
        <comment>kind of record</comment>
        <translation>blanqueamiento</translation>
    </message>
    <message>
        <source>whitening</source>
        <translation>blanqueamiento</translation>
    </message>
    <message>
        <source>whitening of places ({count})</source>
        <translation>blanqueamiento de lugares ({count})</translation>
    </message>
    <message>
        <source>whitening was measured in it</source>
        <translation>se midió el blanqueamiento en él</translation>
    </message>
    <message>
        <source>who the woman is</source>
        <translation>quién es la paciente</translation>
    </message>
    <message>
        <source>whose</source>
        <translation>de quién</translation>
    </message>
    <message numerus="yes">
        <source>whose %n picture(s)</source>
        <translation>
            <numerusform>de quién es %n imagen</numerusform>
            <numerusform>de quién son %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>whose it is is not known: {reason}</source>
        <translation>no se sabe de quién es: {reason}</translation>
    </message>
    <message>
        <source>whose it is is only a guess: {reason}</source>
        <translation>a quién pertenece es solo una suposición: {reason}</translation>
    </message>
    <message>
        <source>window {width}, level {level}</source>
        <translation>ventana {width}, nivel {level}</translation>
    </message>
    <message numerus="yes">
        <source>with %n picture(s)</source>
        <translation>
            <numerusform>con %n imagen</numerusform>
            <numerusform>con %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>with the clock</source>
        <translation>con el reloj</translation>
    </message>
    <message>
        <source>with {picture}</source>
        <translation>con {picture}</translation>
    </message>
    <message>
        <source>words are drawn into a picture</source>
        <translation>hay palabras dibujadas en una imagen</translation>
    </message>
    <message numerus="yes">
        <source>words found in %n place(s)</source>
        <translation>
            <numerusform>palabras encontradas en %n lugar</numerusform>
            <numerusform>palabras encontradas en %n lugares</numerusform>
        </translation>
    </message>
    <message>
        <source>write it as 14 Mar 2026 or 2026-03-14</source>
        <translation>escríbalo como 14 mar 2026 o 2026-03-14</translation>
    </message>
    <message>
        <source>write it as 2026-03-14 10:15, or the day alone</source>
        <translation>escríbalo como 2026-03-14 10:15, o solo el día</translation>
    </message>
    <message>
        <source>write it like 14 Mar 1988 or 1988-03-14</source>
        <translation>escríbalo como 14 mar 1988 o 1988-03-14</translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026</source>
        <translation>escríbalo como 14 mar 2026</translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026 or 2026-03-14</source>
        <translation>escríbalo como 14 mar 2026 o 2026-03-14</translation>
    </message>
    <message>
        <source>write it like 2026-03-14 10:15:00</source>
        <translation>escríbalo como 2026-03-14 10:15:00</translation>
    </message>
    <message>
        <source>write one, a word will do</source>
        <translation>escriba uno, basta una palabra</translation>
    </message>
    <message>
        <source>write that sentence of the model's {file} without it, also if it does not mean her, and try again</source>
        <translation>escriba esa frase del {file} del modelo sin esa palabra, aunque no se refiera a ella, e inténtelo de nuevo</translation>
    </message>
    <message>
        <source>write the card again</source>
        <translation>escriba la ficha de nuevo</translation>
    </message>
    <message>
        <source>write the month as a word, like {one} {year}</source>
        <translation>escriba el mes con letras, como {one} {year}</translation>
    </message>
    <message>
        <source>write the name so that the two are told apart</source>
        <translation>escriba el nombre de modo que los dos se distingan</translation>
    </message>
    <message>
        <source>write the person's name</source>
        <translation>escriba el nombre de la persona</translation>
    </message>
    <message>
        <source>written</source>
        <comment>Consent</comment>
        <translation>escrito</translation>
    </message>
    <message>
        <source>wrong pair</source>
        <translation>par erróneo</translation>
    </message>
    <message>
        <source>wrong source</source>
        <translation>fuente errónea</translation>
    </message>
    <message>
        <source>yes</source>
        <comment>Pregnant</comment>
        <translation>sí</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>sí</translation>
    </message>
    <message>
        <source>you may not use {name}</source>
        <translation>usted no tiene permiso para usar {name}</translation>
    </message>
    <message>
        <source>you may not use {port}</source>
        <translation>usted no tiene permiso para usar {port}</translation>
    </message>
    <message>
        <source>you were shown what others read of this pair: your read would not be blind to theirs</source>
        <translation>se le mostró lo que otros leyeron de este par: su lectura no sería ciega a la de ellos</translation>
    </message>
    <message>
        <source>your account may not read pairs in this library</source>
        <translation>su cuenta no puede leer pares en esta biblioteca</translation>
    </message>
    <message>
        <source>your own password is wrong</source>
        <translation>su propia contraseña es incorrecta</translation>
    </message>
    <message>
        <source>zoom</source>
        <translation>zoom</translation>
    </message>
    <message>
        <source>{account}, with a new password.</source>
        <translation>{account}, con una contraseña nueva.</translation>
    </message>
    <message>
        <source>{again} to go without it; a new one can be made in Settings.</source>
        <translation>{again} para salir sin ella; se puede crear una nueva en Ajustes.</translation>
    </message>
    <message>
        <source>{age} years old at this visit</source>
        <translation>{age} años en esta visita</translation>
    </message>
    <message>
        <source>{answering} answers on this computer, not {model}</source>
        <translation>en este equipo responde {answering}, no {model}</translation>
    </message>
    <message>
        <source>{area:.3g} mm², longest diameter {diameter:.1f} mm</source>
        <translation>{area:.3g} mm², diámetro mayor {diameter:.1f} mm</translation>
    </message>
    <message>
        <source>{arrow}, and closer</source>
        <translation>{arrow}, y más cerca</translation>
    </message>
    <message>
        <source>{attention} over {picture}: {limits}.</source>
        <translation>{attention} sobre {picture}: {limits}.</translation>
    </message>
    <message>
        <source>{before} on this computer is another model than the one that answered before</source>
        <translation>{before} en este equipo es un modelo distinto del que respondió antes</translation>
    </message>
    <message>
        <source>{before}, now {now}</source>
        <translation>{before}, ahora {now}</translation>
    </message>
    <message>
        <source>{before}, which answered before, cannot be asked on this computer: {reason}</source>
        <translation>{before}, que respondió antes, no se puede consultar en este equipo: {reason}</translation>
    </message>
    <message>
        <source>{called} does not fit {variant}: {tensor} is {size}, not {wanted}</source>
        <translation>{called} no se ajusta a {variant}: {tensor} es {size}, no {wanted}</translation>
    </message>
    <message>
        <source>{called} has trunks {width} channels wide, {variant} has {wanted}</source>
        <translation>{called} tiene troncos de {width} canales de ancho, {variant} tiene {wanted}</translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds values that are no numbers</source>
        <translation>{called} está dañado: {tensor} contiene valores que no son números</translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds variances below zero</source>
        <translation>{called} está dañado: {tensor} contiene varianzas menores que cero</translation>
    </message>
    <message>
        <source>{called} is not a FasterNet: {tensor} and {more} more tensors are missing</source>
        <translation>{called} no es un FasterNet: faltan {tensor} y {more} tensores más</translation>
    </message>
    <message>
        <source>{capture.go} takes what comes next and {capture.acid} starts the clock of acetic acid, with one hand or a pedal. Here a simulated device plays a phantom; no camera is needed.</source>
        <translation>{capture.go} toma lo siguiente y {capture.acid} pone en marcha el reloj del ácido acético, con una mano o un pedal. Aquí un dispositivo simulado reproduce un fantoma; no hace falta cámara.</translation>
    </message>
    <message>
        <source>{cases} cases of {women} women</source>
        <translation>{cases} casos de {women} pacientes</translation>
    </message>
    <message>
        <source>{change} (and {more} more)</source>
        <translation>{change} (y {more} más)</translation>
    </message>
    <message>
        <source>{choice} not switched: {why}</source>
        <translation>{choice} no cambiado: {why}</translation>
    </message>
    <message>
        <source>{columns} x {rows} pixels</source>
        <translation>{columns} x {rows} píxeles</translation>
    </message>
    <message>
        <source>{control} of the simulated camera goes from {low:g} to {high:g}</source>
        <translation>{control} de la cámara simulada va de {low:g} a {high:g}</translation>
    </message>
    <message>
        <source>{count:,} older ones are not listed: search for them.</source>
        <translation>{count:,} más antiguas no se listan: búsquelas.</translation>
    </message>
    <message>
        <source>{count} earlier</source>
        <translation>anteriores: {count}</translation>
    </message>
    <message>
        <source>{count} entries: {entries}</source>
        <translation>{count} entradas: {entries}</translation>
    </message>
    <message>
        <source>{count} files found</source>
        <translation>{count} archivos encontrados</translation>
    </message>
    <message>
        <source>{count} heatmaps, registrations or thumbnails are missing or damaged there: they are made again</source>
        <translation>faltan o están dañados allí {count} mapas de calor, registros de imágenes o miniaturas: se rehacen</translation>
    </message>
    <message>
        <source>{count} of {all} not aligned: shown as taken.</source>
        <translation>{count} de {all} sin alinear: se muestran como se tomaron.</translation>
    </message>
    <message>
        <source>{count} parts: {parts}</source>
        <translation>{count} partes: {parts}</translation>
    </message>
    <message>
        <source>{count}; reading older ones ...</source>
        <translation>{count}; leyendo más antiguas ...</translation>
    </message>
    <message>
        <source>{day:02d} {month} {year}</source>
        <translation>{day:02d} {month} {year}</translation>
    </message>
    <message>
        <source>{day} {month}</source>
        <translation>{day} {month}</translation>
    </message>
    <message>
        <source>{distance}, limit {limit}</source>
        <translation>{distance}, límite {limit}</translation>
    </message>
    <message>
        <source>{distance}, limit {limit}: unlike</source>
        <translation>{distance}, límite {limit}: distinto</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,}</source>
        <translation>{done:,} de {turns:,}</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} decided</source>
        <translation>{done:,} de {turns:,} decididos</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} read</source>
        <translation>{done:,} de {turns:,} leídos</translation>
    </message>
    <message>
        <source>{done:.0f} of {total:.0f}</source>
        <translation>{done:.0f} de {total:.0f}</translation>
    </message>
    <message>
        <source>{done} of {parts}. Missing: {gaps}</source>
        <translation>{done} de {parts}. Faltan: {gaps}</translation>
    </message>
    <message>
        <source>{done}. Undo brings it back.</source>
        <translation>{done}. Deshacer lo restaura.</translation>
    </message>
    <message>
        <source>{done}. Undo takes it back.</source>
        <translation>{done}. Deshacer lo revierte.</translation>
    </message>
    <message>
        <source>{earlier} beside {now}</source>
        <translation>{earlier} junto a {now}</translation>
    </message>
    <message>
        <source>{field}: was {value}</source>
        <translation>{field}: era {value}</translation>
    </message>
    <message>
        <source>{files} and {more} more.</source>
        <translation>{files} y {more} más.</translation>
    </message>
    <message>
        <source>{files} skipped</source>
        <translation>omitidos: {files}</translation>
    </message>
    <message>
        <source>{file} cannot be read: whose backups these are was told from the snapshots.</source>
        <translation>{file} no se puede leer: de quién son estas copias de seguridad se dedujo de las instantáneas.</translation>
    </message>
    <message>
        <source>{file} cannot be read: {why}</source>
        <translation>{file} no se puede leer: {why}</translation>
    </message>
    <message>
        <source>{file} carries more than weights ({name})</source>
        <translation>{file} contiene más que pesos ({name})</translation>
    </message>
    <message>
        <source>{file} does not hold what it should: {why}</source>
        <translation>{file} no contiene lo que debería: {why}</translation>
    </message>
    <message>
        <source>{file} does not open {library}: it is the key file of another library, or the database is damaged too</source>
        <translation>{file} no abre {library}: es el archivo de claves de otra biblioteca, o la base de datos también está dañada</translation>
    </message>
    <message>
        <source>{file} has no section Figures</source>
        <translation>{file} no tiene la sección Figures</translation>
    </message>
    <message>
        <source>{file} holds no installer for this kind of installation ({kind})</source>
        <translation>{file} no contiene ningún instalador para este tipo de instalación ({kind})</translation>
    </message>
    <message>
        <source>{file} holds no outline of a lesion</source>
        <translation>{file} no contiene ningún contorno de una lesión</translation>
    </message>
    <message>
        <source>{file} holds no weights</source>
        <translation>{file} no contiene pesos</translation>
    </message>
    <message>
        <source>{file} holds something other than weights, or is damaged</source>
        <translation>{file} contiene algo distinto de pesos, o está dañado</translation>
    </message>
    <message>
        <source>{file} is already in this visit; it is not added a second time.</source>
        <translation>{file} ya está en esta visita; no se añade por segunda vez.</translation>
    </message>
    <message>
        <source>{file} is damaged, or that of another library: {remedy}</source>
        <translation>{file} está dañado, o es el de otra biblioteca: {remedy}</translation>
    </message>
    <message>
        <source>{file} is damaged, or that of another library: {why}</source>
        <translation>{file} está dañado, o es el de otra biblioteca: {why}</translation>
    </message>
    <message>
        <source>{file} is missing: if it was removed, what was done last is not here</source>
        <translation>{file} falta: si se eliminó, lo último que se hizo no está aquí</translation>
    </message>
    <message>
        <source>{file} is missing: whose backups these are was told from the snapshots.</source>
        <translation>{file} falta: de quién son estas copias de seguridad se dedujo de las instantáneas.</translation>
    </message>
    <message>
        <source>{file} is neither .safetensors nor .pth</source>
        <translation>{file} no es .safetensors ni .pth</translation>
    </message>
    <message>
        <source>{file} is no outline of its white-light picture: their sizes are {sizes}</source>
        <translation>{file} no es un contorno de su imagen de luz blanca: sus tamaños son {sizes}</translation>
    </message>
    <message>
        <source>{file} is not brought in: {why}</source>
        <translation>{file} no se incorpora: {why}</translation>
    </message>
    <message>
        <source>{file} is there already</source>
        <translation>{file} ya existe</translation>
    </message>
    <message>
        <source>{file} lies in the folder of the library</source>
        <translation>{file} está en la carpeta de la biblioteca</translation>
    </message>
    <message>
        <source>{file} marks {share:.0%} of its picture as lesion</source>
        <translation>{file} marca el {share:.0%} de su imagen como lesión</translation>
    </message>
    <message>
        <source>{file} was not taken in: {why}. It was left where it is.</source>
        <translation>{file} no se incorporó: {why}. Se dejó donde estaba.</translation>
    </message>
    <message>
        <source>{file} {harm}, and before the library is opened without it, a copy is kept: {problem}</source>
        <translation>{file} {harm}, y antes de abrir la biblioteca sin él se guarda una copia: {problem}</translation>
    </message>
    <message>
        <source>{file} {harm}: a password or the recovery key was being changed, or an older file put back: what was before and what is new open the library; pfm library repair {library} keeps the newer one</source>
        <translation>{file} {harm}: se estaba cambiando una contraseña o la clave de recuperación, o se repuso un archivo más antiguo: tanto lo anterior como lo nuevo abren la biblioteca; pfm library repair {library} conserva lo más nuevo</translation>
    </message>
    <message>
        <source>{file} {harm}: one is left of two. pfm library repair {library} writes both anew</source>
        <translation>{file} {harm}: queda uno de dos. pfm library repair {library} escribe ambos de nuevo</translation>
    </message>
    <message>
        <source>{file} {harm}: what was done last is not here, or not all of it</source>
        <translation>{file} {harm}: lo último que se hizo no está aquí, o no todo</translation>
    </message>
    <message>
        <source>{file} {harm}: without it and its copy nobody can open the library; make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation>{file} {harm}: sin él y su copia nadie puede abrir la biblioteca; haga una copia de seguridad antes de cerrar el programa y reponga {key_file} desde ella: {how}</translation>
    </message>
    <message>
        <source>{first} and {second} do not read the same pictures, and cannot be compared</source>
        <translation>{first} y {second} no leen las mismas imágenes, y no se pueden comparar</translation>
    </message>
    <message>
        <source>{folder} cannot be looked into ({reason}). Check its permissions.</source>
        <translation>No se puede ver el contenido de {folder} ({reason}). Compruebe sus permisos.</translation>
    </message>
    <message>
        <source>{folder} cannot be reached: {why}</source>
        <translation>no se puede acceder a {folder}: {why}</translation>
    </message>
    <message>
        <source>{folder} cannot be used for work: {reason}</source>
        <translation>{folder} no se puede usar para trabajar: {reason}</translation>
    </message>
    <message>
        <source>{folder} has no snapshot</source>
        <translation>{folder} no tiene ninguna instantánea</translation>
    </message>
    <message>
        <source>{folder} has no snapshot that begins with {beginning!r}</source>
        <translation>{folder} no tiene ninguna instantánea que empiece por {beginning!r}</translation>
    </message>
    <message>
        <source>{folder} holds backups of another library</source>
        <translation>{folder} contiene copias de seguridad de otra biblioteca</translation>
    </message>
    <message>
        <source>{folder} holds no prepared pictures</source>
        <translation>{folder} no contiene imágenes preparadas</translation>
    </message>
    <message>
        <source>{folder} holds no whole case</source>
        <translation>{folder} no contiene ningún caso completo</translation>
    </message>
    <message>
        <source>{folder} holds other files</source>
        <translation>{folder} contiene otros archivos</translation>
    </message>
    <message>
        <source>{folder} holds other files (such as {file}), and a model has a folder of its own</source>
        <translation>{folder} contiene otros archivos (como {file}), y un modelo tiene su propia carpeta</translation>
    </message>
    <message>
        <source>{folder} holds weights, but {file}, which says what they are, is missing</source>
        <translation>{folder} contiene pesos, pero falta {file}, que dice qué son</translation>
    </message>
    <message>
        <source>{folder} is a file</source>
        <translation>{folder} es un archivo</translation>
    </message>
    <message>
        <source>{folder} is a library, or lies within one</source>
        <translation>{folder} es una biblioteca, o está dentro de una</translation>
    </message>
    <message>
        <source>{folder} is in use</source>
        <translation>{folder} está en uso</translation>
    </message>
    <message>
        <source>{folder} is no backup that can be told whose it is: its {about} is missing or cannot be read, and no snapshot or key file in it can be read either</source>
        <translation>{folder} no es una copia de seguridad de la que se pueda saber de quién es: su {about} falta o no se puede leer, y tampoco se puede leer en ella ninguna instantánea ni archivo de claves</translation>
    </message>
    <message>
        <source>{folder} is no backup: its {about} is missing or cannot be read, and there is no snapshot</source>
        <translation>{folder} no es una copia de seguridad: su {about} falta o no se puede leer, y no hay ninguna instantánea</translation>
    </message>
    <message>
        <source>{folder} is not empty</source>
        <translation>{folder} no está vacía</translation>
    </message>
    <message>
        <source>{folder} lies in quarantine: it was learned from the library {library}</source>
        <translation>{folder} está en cuarentena: se aprendió de la biblioteca {library}</translation>
    </message>
    <message>
        <source>{folder} lies within the folder of the backups</source>
        <translation>{folder} está dentro de la carpeta de las copias de seguridad</translation>
    </message>
    <message>
        <source>{frames} frames</source>
        <translation>{frames} fotogramas</translation>
    </message>
    <message>
        <source>{frames} frames missing</source>
        <translation>faltan {frames} fotogramas</translation>
    </message>
    <message>
        <source>{frames} frames, {refused} left out as they could not be laid over the first</source>
        <translation>{frames} fotogramas, {refused} omitidos porque no se pudieron superponer al primero</translation>
    </message>
    <message>
        <source>{frames} pictures in the file</source>
        <translation>{frames} imágenes en el archivo</translation>
    </message>
    <message>
        <source>{gap:.1f} s between the two pictures</source>
        <translation>{gap:.1f} s entre las dos imágenes</translation>
    </message>
    <message>
        <source>{gap} after what stands before it</source>
        <translation>{gap} después de lo que está antes</translation>
    </message>
    <message>
        <source>{given} of {items} items, {points} points so far</source>
        <translation>{given} de {items} ítems, {points} puntos hasta ahora</translation>
    </message>
    <message>
        <source>{grade} ({share:.2f}; likeliest {other} {most:.2f})</source>
        <translation>{grade} ({share:.2f}; más probable {other} {most:.2f})</translation>
    </message>
    <message>
        <source>{grade} {missing} more (has {there})</source>
        <translation>{grade} {missing} más (hay {there})</translation>
    </message>
    <message>
        <source>{grade} {numbers}, in the prediction set</source>
        <translation>{grade} {numbers}, en el conjunto de predicción</translation>
    </message>
    <message>
        <source>{grade} {sign} impression</source>
        <translation>{grade} {sign} impresión</translation>
    </message>
    <message>
        <source>{grade} {women:,} more</source>
        <translation>{grade} {women:,} más</translation>
    </message>
    <message>
        <source>{help.shortcuts} shows the keys of the page in front, {help.guide} opens the user guide, and Help has this tour again. Nearly everything can be undone with {edit.undo}.</source>
        <translation>{help.shortcuts} muestra las teclas de la página visible, {help.guide} abre la guía del usuario, y Ayuda ofrece de nuevo este recorrido. Casi todo se puede deshacer con {edit.undo}.</translation>
    </message>
    <message>
        <source>{hits} of {visits}</source>
        <translation>{hits} de {visits}</translation>
    </message>
    <message>
        <source>{hours} o'clock</source>
        <translation>hora {hours}</translation>
    </message>
    <message>
        <source>{hour} o'clock, {quadrant}</source>
        <translation>hora {hour}, {quadrant}</translation>
    </message>
    <message>
        <source>{identifier} in the file's own record is a placeholder that many women may bear</source>
        <translation>{identifier} en el propio registro del archivo es un valor de relleno que pueden llevar muchas pacientes</translation>
    </message>
    <message>
        <source>{identifier} is a pseudonym that this library gave in an export: she is on record under her own</source>
        <translation>{identifier} es un seudónimo que esta biblioteca dio en una exportación: la paciente consta con su propio identificador</translation>
    </message>
    <message>
        <source>{identifier} is kept for visits of which nobody has said whose they are</source>
        <translation>{identifier} se reserva para visitas de las que nadie ha dicho de quién son</translation>
    </message>
    <message>
        <source>{identifier} then has no visit and goes off the record.</source>
        <translation>{identifier} se queda entonces sin visitas y deja de constar.</translation>
    </message>
    <message>
        <source>{identifier}, visit of {day}</source>
        <translation>{identifier}, visita del {day}</translation>
    </message>
    <message>
        <source>{inside} in the prediction set, {outside} not in it.</source>
        <translation>{inside} en el conjunto de predicción, {outside} fuera de él.</translation>
    </message>
    <message>
        <source>{item} has no answer {key!r}</source>
        <translation>{item} no tiene la respuesta {key!r}</translation>
    </message>
    <message>
        <source>{item} is a day</source>
        <translation>{item} debe ser un día</translation>
    </message>
    <message>
        <source>{item} is a whole number from {least} to {most}</source>
        <translation>{item} debe ser un número entero de {least} a {most}</translation>
    </message>
    <message>
        <source>{item} lies after this visit</source>
        <translation>{item} es posterior a esta visita</translation>
    </message>
    <message>
        <source>{item} lies before her birth</source>
        <translation>{item} es anterior al nacimiento de la paciente</translation>
    </message>
    <message>
        <source>{item} lies before this visit, which was on {day}</source>
        <translation>{item} es anterior a esta visita, que fue el {day}</translation>
    </message>
    <message>
        <source>{item} lies between {first} and today</source>
        <translation>{item} debe estar entre {first} y hoy</translation>
    </message>
    <message>
        <source>{item} lies between {first} and {last}</source>
        <translation>{item} debe estar entre {first} y {last}</translation>
    </message>
    <message>
        <source>{item} takes a list of answers</source>
        <translation>{item} admite una lista de respuestas</translation>
    </message>
    <message>
        <source>{item} takes at most {most} characters</source>
        <translation>{item} admite como máximo {most} caracteres</translation>
    </message>
    <message>
        <source>{item}: "{answer}" stands alone</source>
        <translation>{item}: "{answer}" no admite otras respuestas</translation>
    </message>
    <message>
        <source>{item}: {typed!r} is no day</source>
        <translation>{item}: {typed!r} no es un día</translation>
    </message>
    <message>
        <source>{job}: stopping</source>
        <translation>{job}: deteniéndose</translation>
    </message>
    <message>
        <source>{key_file} and {copy} are those of another library</source>
        <translation>{key_file} y {copy} son los de otra biblioteca</translation>
    </message>
    <message>
        <source>{keys} already belongs to "{command}". Choose other keys, or change that first.</source>
        <translation>{keys} ya corresponde a "{command}". Elija otras teclas o cambie eso primero.</translation>
    </message>
    <message>
        <source>{keys} always means "{command}" on the page {page}. Choose other keys.</source>
        <translation>{keys} siempre significa "{command}" en la página {page}. Elija otras teclas.</translation>
    </message>
    <message>
        <source>{keys} always means "{command}" there. Choose other keys.</source>
        <translation>{keys} siempre significa "{command}" allí. Elija otras teclas.</translation>
    </message>
    <message>
        <source>{keys} is free.</source>
        <translation>{keys} está libre.</translation>
    </message>
    <message>
        <source>{keys} is needed in text fields and lists, and this acts on every page. Choose other keys.</source>
        <translation>{keys} se necesita en los campos de texto y las listas, y esto actúa en todas las páginas. Elija otras teclas.</translation>
    </message>
    <message>
        <source>{keys} or Escape closes</source>
        <translation>{keys} o Esc cierra</translation>
    </message>
    <message>
        <source>{key}: note; Enter goes back to the pictures</source>
        <translation>{key}: nota; Intro vuelve a las imágenes</translation>
    </message>
    <message>
        <source>{lamp} does not answer</source>
        <translation>{lamp} no responde</translation>
    </message>
    <message>
        <source>{lamp} is not connected</source>
        <translation>{lamp} no está conectada</translation>
    </message>
    <message>
        <source>{lamp} refuses: {error}</source>
        <translation>{lamp} lo rechaza: {error}</translation>
    </message>
    <message>
        <source>{lamp} was unplugged</source>
        <translation>{lamp} se ha desconectado</translation>
    </message>
    <message>
        <source>{least} to {most} {unit}</source>
        <translation>{least} a {most} {unit}</translation>
    </message>
    <message>
        <source>{least} to {most}, {threshold}</source>
        <translation>{least} a {most}, {threshold}</translation>
    </message>
    <message>
        <source>{lesion}: drag around it, or click corners (Enter closes)</source>
        <translation>{lesion}: arrastre a su alrededor, o haga clic en los vértices (Intro cierra)</translation>
    </message>
    <message>
        <source>{lesion}: paint; [ and ] size the brush</source>
        <translation>{lesion}: pinte; [ y ] ajustan el pincel</translation>
    </message>
    <message>
        <source>{lesion}: take away; [ and ] size the eraser</source>
        <translation>{lesion}: borre; [ y ] ajustan el borrador</translation>
    </message>
    <message>
        <source>{letter}  {hour} o'clock</source>
        <translation>{letter}  hora {hour}</translation>
    </message>
    <message>
        <source>{letter}  {hour} o'clock?</source>
        <translation>{letter}  ¿hora {hour}?</translation>
    </message>
    <message>
        <source>{library} (what was recorded since lies in {file})</source>
        <translation>{library} (lo que se registró desde entonces está en {file})</translation>
    </message>
    <message>
        <source>{library} holds no library of this program</source>
        <translation>{library} no contiene una biblioteca de este programa</translation>
    </message>
    <message>
        <source>{lines} and {count} more</source>
        <translation>{lines} y {count} más</translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits and the chain holds from the first line of the trail to the last.</source>
        <translation>{lines} líneas: la firma es correcta y la cadena se mantiene desde la primera línea del registro de auditoría hasta la última.</translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits. It is a part of the trail, so the chain between its lines cannot be checked.</source>
        <translation>{lines} líneas: la firma es correcta. Es una parte del registro de auditoría, por lo que la cadena entre sus líneas no se puede comprobar.</translation>
    </message>
    <message numerus="yes">
        <source>{lost} (is|are) altered or missing in {folder}, and not in the encrypted copy. Before it is worked with: pfm library repair {folder} --from BACKUP, then encrypt it once more. A backup of the plain library mends no encrypted one</source>
        <translation>
            <numerusform>{lost} falta o tiene alteraciones en {folder}, y no está en la copia cifrada. Antes de trabajar con ella: pfm library repair {folder} --from BACKUP, y después cífrela una vez más. Una copia de seguridad de la biblioteca sin cifrar no repara una cifrada</numerusform>
            <numerusform>{lost} faltan o tienen alteraciones en {folder}, y no están en la copia cifrada. Antes de trabajar con ella: pfm library repair {folder} --from BACKUP, y después cífrela una vez más. Una copia de seguridad de la biblioteca sin cifrar no repara una cifrada</numerusform>
        </translation>
    </message>
    <message>
        <source>{lost} epochs of an earlier run in {run} were made with other cases, grades or settings (such as --epochs) and are not used; training starts from the beginning</source>
        <translation>{lost} épocas de una ejecución anterior en {run} se hicieron con otros casos, grados o ajustes (como --epochs) y no se usan; el entrenamiento empieza desde el principio</translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing.</source>
        <translation>Faltan {lost} de {taken} fotogramas.</translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing: the disk was too slow.</source>
        <translation>Faltan {lost} de {taken} fotogramas: el disco fue demasiado lento.</translation>
    </message>
    <message>
        <source>{low:.2f} to {high:.2f}</source>
        <translation>{low:.2f} a {high:.2f}</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} a {high}</translation>
    </message>
    <message>
        <source>{manifest} names files that are not among those given ({files})</source>
        <translation>{manifest} nombra archivos que no están entre los indicados ({files})</translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid).</source>
        <translation>{map} (sobre el primer fotograma tras el ácido).</translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid, dark to bright: 0 to {end:g} {unit}).</source>
        <translation>{map} (sobre el primer fotograma tras el ácido, de oscuro a claro: 0 a {end:g} {unit}).</translation>
    </message>
    <message>
        <source>{mm} mm is no length</source>
        <translation>{mm} mm no es una longitud</translation>
    </message>
    <message>
        <source>{model} (cannot answer, see Models)</source>
        <translation>{model} (no puede responder, ver Modelos)</translation>
    </message>
    <message>
        <source>{model} answers already on this computer</source>
        <translation>{model} ya responde en este equipo</translation>
    </message>
    <message>
        <source>{model} answers as before</source>
        <translation>{model} responde como antes</translation>
    </message>
    <message>
        <source>{model} answers now</source>
        <translation>{model} responde ahora</translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s).</source>
        <translation>
            <numerusform>Se consulta a {model} sobre %n par.</numerusform>
            <numerusform>Se consulta a {model} sobre %n pares.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s); the other {rest:,} follow at random.</source>
        <translation>
            <numerusform>Se consulta a {model} sobre %n par; los otros {rest:,} siguen al azar.</numerusform>
            <numerusform>Se consulta a {model} sobre %n pares; los otros {rest:,} siguen al azar.</numerusform>
        </translation>
    </message>
    <message>
        <source>{model} is no longer the model that this one was learned from</source>
        <translation>{model} ya no es el modelo del que se aprendió este</translation>
    </message>
    <message>
        <source>{model} is no longer the model that this run began with</source>
        <translation>{model} ya no es el modelo con el que empezó esta ejecución</translation>
    </message>
    <message>
        <source>{model} is promoted in this library, and {answering} answers on this computer</source>
        <translation>{model} está promovido en esta biblioteca, y en este equipo responde {answering}</translation>
    </message>
    <message>
        <source>{model} was compared with {other}, and {answering} answers now</source>
        <translation>{model} se comparó con {other}, y ahora responde {answering}</translation>
    </message>
    <message>
        <source>{model} was learned from this library and is {state}: it answers once it is compared and promoted in Fine-tune</source>
        <translation>{model} se aprendió de esta biblioteca (estado: {state}): responde una vez comparado y promovido en Ajuste fino</translation>
    </message>
    <message>
        <source>{mode} converted to RGB</source>
        <translation>{mode} convertido a RGB</translation>
    </message>
    <message>
        <source>{name!r} cannot be a folder on Windows</source>
        <translation>{name!r} no puede ser una carpeta en Windows</translation>
    </message>
    <message>
        <source>{name!r} cannot be the name of a model</source>
        <translation>{name!r} no puede ser el nombre de un modelo</translation>
    </message>
    <message>
        <source>{name!r} is no visit of this library</source>
        <translation>{name!r} no es una visita de esta biblioteca</translation>
    </message>
    <message>
        <source>{name!r} is the beginning of several visits</source>
        <translation>{name!r} es el comienzo de varias visitas</translation>
    </message>
    <message>
        <source>{names} would be one woman</source>
        <translation>{names} serían una sola paciente</translation>
    </message>
    <message>
        <source>{name}
born {born}, ID {identifier}</source>
        <translation>{name}
nac. {born}, ID {identifier}</translation>
    </message>
    <message>
        <source>{name}    born {birth_date}    ID {identifier}</source>
        <translation>{name}    nac. {birth_date}    ID {identifier}</translation>
    </message>
    <message>
        <source>{name} (you)</source>
        <translation>{name} (usted)</translation>
    </message>
    <message>
        <source>{name} = {given} is neither true nor false</source>
        <translation>{name} = {given} no es ni verdadero ni falso</translation>
    </message>
    <message>
        <source>{name} = {number} does not fit a network</source>
        <translation>{name} = {number} no se ajusta a una red</translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures</source>
        <translation>{name} responde y no da imágenes</translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures that are read</source>
        <translation>{name} responde y no da imágenes que se puedan leer</translation>
    </message>
    <message>
        <source>{name} cannot be reached</source>
        <translation>no se puede acceder a {name}</translation>
    </message>
    <message>
        <source>{name} cannot be read</source>
        <translation>{name} no se puede leer</translation>
    </message>
    <message>
        <source>{name} cannot be read as a video</source>
        <translation>{name} no se puede leer como video</translation>
    </message>
    <message>
        <source>{name} cannot be read: {problem}</source>
        <translation>{name} no se puede leer: {problem}</translation>
    </message>
    <message>
        <source>{name} does not give pictures in a form that is read</source>
        <translation>{name} no da imágenes en un formato que se pueda leer</translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set here</source>
        <translation>{name} no permite ajustar aquí: {control}</translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set so</source>
        <translation>{name} no permite ese ajuste: {control}</translation>
    </message>
    <message>
        <source>{name} does not open: it is not there, another program uses it, or the system's privacy settings forbid it</source>
        <translation>{name} no se abre: no está, otro programa lo usa o la configuración de privacidad del sistema lo prohíbe</translation>
    </message>
    <message>
        <source>{name} does not open: {why}</source>
        <translation>{name} no se abre: {why}</translation>
    </message>
    <message>
        <source>{name} ended the connection</source>
        <translation>{name} terminó la conexión</translation>
    </message>
    <message>
        <source>{name} failed ({kind})</source>
        <translation>{name} falló ({kind})</translation>
    </message>
    <message>
        <source>{name} failed while it was read</source>
        <translation>{name} falló durante la lectura</translation>
    </message>
    <message>
        <source>{name} gives no pictures</source>
        <translation>{name} no da imágenes</translation>
    </message>
    <message>
        <source>{name} has changed since it was looked at</source>
        <translation>{name} ha cambiado desde que se examinó</translation>
    </message>
    <message>
        <source>{name} has no frame yet</source>
        <translation>{name} aún no tiene ningún fotograma</translation>
    </message>
    <message>
        <source>{name} has no pictures</source>
        <translation>{name} no tiene imágenes</translation>
    </message>
    <message>
        <source>{name} has {bits} bits a channel in a form that cannot be read</source>
        <translation>{name} tiene {bits} bits por canal en un formato que no se puede leer</translation>
    </message>
    <message>
        <source>{name} has {channels} channels of 16 bits</source>
        <translation>{name} tiene {channels} canales de 16 bits</translation>
    </message>
    <message>
        <source>{name} holds 32-bit numbers instead of colours</source>
        <translation>{name} contiene números de 32 bits en lugar de colores</translation>
    </message>
    <message>
        <source>{name} holds floating-point numbers instead of colours</source>
        <translation>{name} contiene números de coma flotante en lugar de colores</translation>
    </message>
    <message>
        <source>{name} is a pickle, which can run programs when it is opened, and is never loaded</source>
        <translation>{name} es un pickle, que puede ejecutar programas al abrirse, y nunca se carga</translation>
    </message>
    <message>
        <source>{name} is at its end</source>
        <translation>{name} ha llegado a su fin</translation>
    </message>
    <message>
        <source>{name} is cut short within the zip</source>
        <translation>{name} está truncado dentro del archivo ZIP</translation>
    </message>
    <message>
        <source>{name} is damaged</source>
        <translation>{name} está dañado</translation>
    </message>
    <message>
        <source>{name} is damaged or cut short ({kind})</source>
        <translation>{name} está dañado o truncado ({kind})</translation>
    </message>
    <message>
        <source>{name} is damaged or cut short: {how}</source>
        <translation>{name} está dañado o truncado: {how}</translation>
    </message>
    <message>
        <source>{name} is damaged within the zip ({error})</source>
        <translation>{name} está dañado dentro del archivo ZIP ({error})</translation>
    </message>
    <message>
        <source>{name} is empty (zero bytes)</source>
        <translation>{name} está vacío (cero bytes)</translation>
    </message>
    <message>
        <source>{name} is not a file</source>
        <translation>{name} no es un archivo</translation>
    </message>
    <message>
        <source>{name} is not a file any more</source>
        <translation>{name} ya no es un archivo</translation>
    </message>
    <message>
        <source>{name} is not a picture that can be read</source>
        <translation>{name} no es una imagen que se pueda leer</translation>
    </message>
    <message>
        <source>{name} is not open</source>
        <translation>{name} no está abierta</translation>
    </message>
    <message>
        <source>{name} is not there</source>
        <translation>{name} no se encuentra</translation>
    </message>
    <message>
        <source>{name} is signed in, and cannot sign as {other}</source>
        <translation>{name} tiene la sesión iniciada, y no puede firmar como {other}</translation>
    </message>
    <message>
        <source>{name} is signed out.</source>
        <translation>{name} ha cerrado la sesión.</translation>
    </message>
    <message>
        <source>{name} is there already. Nothing was written. Choose another name.</source>
        <translation>{name} ya existe. No se escribió nada. Elija otro nombre.</translation>
    </message>
    <message>
        <source>{name} is too large</source>
        <translation>{name} es demasiado grande</translation>
    </message>
    <message>
        <source>{name} is too large ({size:.1f} GB)</source>
        <translation>{name} es demasiado grande ({size:.1f} GB)</translation>
    </message>
    <message>
        <source>{name} is too large ({size})</source>
        <translation>{name} es demasiado grande ({size})</translation>
    </message>
    <message>
        <source>{name} is too large or declares no frames ({frames} frames of {size})</source>
        <translation>{name} es demasiado grande o no declara fotogramas ({frames} fotogramas de {size})</translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({size})</source>
        <translation>{name} es demasiado pequeño para una imagen ({size})</translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({width} x {height} pixels)</source>
        <translation>{name} es demasiado pequeño para una imagen ({width} x {height} píxeles)</translation>
    </message>
    <message>
        <source>{name} is {on_record}: these would be added to hers.</source>
        <translation>{name} está {on_record}: estas se añadirían a las de esa paciente.</translation>
    </message>
    <message>
        <source>{name} is {problem}</source>
        <translation>{name} es {problem}</translation>
    </message>
    <message>
        <source>{name} is {roles} in this library</source>
        <translation>{name} es {roles} en esta biblioteca</translation>
    </message>
    <message>
        <source>{name} is {roles}: {acts}, nothing else can be changed</source>
        <translation>{name} es {roles}: {acts}, no se puede cambiar nada más</translation>
    </message>
    <message>
        <source>{name} knows no such path</source>
        <translation>{name} no conoce esa ruta</translation>
    </message>
    <message>
        <source>{name} may not {act}</source>
        <translation>{name} no puede {act}</translation>
    </message>
    <message>
        <source>{name} may sign in now.</source>
        <translation>{name} ya puede iniciar sesión.</translation>
    </message>
    <message>
        <source>{name} refuses this user</source>
        <translation>{name} rechaza a este usuario</translation>
    </message>
    <message>
        <source>{name} says the day, and the file's time is of that day</source>
        <translation>{name} dice el día, y la hora del archivo es de ese día</translation>
    </message>
    <message>
        <source>{name} serves others already</source>
        <translation>{name} ya atiende a otros</translation>
    </message>
    <message>
        <source>{name} was interrupted</source>
        <translation>{name} se interrumpió</translation>
    </message>
    <message>
        <source>{name} was not added. {why}</source>
        <translation>{name} no se añadió. {why}</translation>
    </message>
    <message>
        <source>{name} was unplugged</source>
        <translation>{name} se ha desconectado</translation>
    </message>
    <message>
        <source>{name} {cases} ({women} women)</source>
        <translation>{name} {cases} ({women} pacientes)</translation>
    </message>
    <message>
        <source>{name} {version} is here now ({label}). It answers nothing until it is chosen.</source>
        <translation>{name} {version} ya está aquí ({label}). No responde nada hasta que se elija.</translation>
    </message>
    <message>
        <source>{name} {version}, signed on {day}. Anybody can sign a file: type the fingerprint that its sender told you {way}. It answers nothing until it is chosen here.</source>
        <translation>{name} {version}, firmado el {day}. Cualquiera puede firmar un archivo: escriba la huella que su remitente le comunicó {way}. No responde nada hasta que se elija aquí.</translation>
    </message>
    <message>
        <source>{name}, AI seen before</source>
        <translation>{name}, IA vista antes</translation>
    </message>
    <message>
        <source>{name}, born {birth}, ID {identifier}</source>
        <translation>{name}, nac. {birth}, ID {identifier}</translation>
    </message>
    <message>
        <source>{name}, born {day}</source>
        <translation>{name}, nac. {day}</translation>
    </message>
    <message>
        <source>{name}, drift</source>
        <translation>{name}, deriva</translation>
    </message>
    <message>
        <source>{name}, not graded</source>
        <translation>{name}, sin grado</translation>
    </message>
    <message>
        <source>{name}, or a model that it came from, has learned from all women of the locked test: figures on them say nothing</source>
        <translation>{name}, o un modelo del que procede, ha aprendido de todas las pacientes de la prueba bloqueada: las cifras sobre ellas no dicen nada</translation>
    </message>
    <message>
        <source>{name}, read again</source>
        <translation>{name}, releídos</translation>
    </message>
    <message>
        <source>{name}, the name of this computer's account; set the reader's name in Settings</source>
        <translation>{name}, el nombre de la cuenta de este equipo; indique el nombre del lector en Ajustes</translation>
    </message>
    <message>
        <source>{name}, {title}, whole</source>
        <translation>{name}, {title}, completo</translation>
    </message>
    <message>
        <source>{name}: quality {verdict}{problems}.</source>
        <translation>{name}: calidad {verdict}{problems}.</translation>
    </message>
    <message>
        <source>{name}: {folders} would be one woman.</source>
        <translation>{name}: {folders} serían una sola paciente.</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} de {count}</translation>
    </message>
    <message>
        <source>{number} of {count}: {picture}; {state}</source>
        <translation>{number} de {count}: {picture}; {state}</translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}</source>
        <translation>{number}: máximo dL* {peak:.1f} a {at}</translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}, against normal tissue</source>
        <translation>{number}: máximo dL* {peak:.1f} a {at}, frente a tejido normal</translation>
    </message>
    <message>
        <source>{number}: no whitening</source>
        <translation>{number}: sin blanqueamiento</translation>
    </message>
    <message>
        <source>{one} and {other}</source>
        <translation>{one} y {other}</translation>
    </message>
    <message>
        <source>{one} and {other} and {count} more</source>
        <translation>{one} y {other} y {count} más</translation>
    </message>
    <message numerus="yes">
        <source>{one} and {other} are said as birth dates, and all</source>
        <comment>before: would be one woman</comment>
        <translation>
            <numerusform>{one} y {other} figuran como fechas de nacimiento, y todas</numerusform>
            <numerusform>{one} y {other} figuran como fechas de nacimiento, y todas</numerusform>
        </translation>
    </message>
    <message>
        <source>{one} and {other}, AI seen</source>
        <translation>{one} y {other}, IA vista</translation>
    </message>
    <message numerus="yes">
        <source>{out:,} of %n picture(s) ({left:,} left out)</source>
        <translation>
            <numerusform>{out:,} de %n imagen ({left:,} omitidas)</numerusform>
            <numerusform>{out:,} de %n imágenes ({left:,} omitidas)</numerusform>
        </translation>
    </message>
    <message>
        <source>{page} cannot be shown at the moment. The message at the foot of the window says why; Next goes on.</source>
        <translation>{page} no se puede mostrar en este momento. El mensaje al pie de la ventana dice por qué; Siguiente continúa.</translation>
    </message>
    <message>
        <source>{pairs} (+ {again:,} again)</source>
        <translation>{pairs} (+ {again:,} repetidos)</translation>
    </message>
    <message>
        <source>{part} in it is too large</source>
        <translation>{part} que contiene es demasiado grande</translation>
    </message>
    <message>
        <source>{part} is not what was signed</source>
        <translation>{part} no es lo que se firmó</translation>
    </message>
    <message>
        <source>{path} already holds a library</source>
        <translation>{path} ya contiene una biblioteca</translation>
    </message>
    <message>
        <source>{path} cannot be looked at: {problem}</source>
        <translation>{path} no se puede examinar: {problem}</translation>
    </message>
    <message>
        <source>{path} cannot be looked at: {why}</source>
        <translation>no se puede mirar {path}: {why}</translation>
    </message>
    <message>
        <source>{path} cannot be read ({error})</source>
        <translation>{path} no se puede leer ({error})</translation>
    </message>
    <message>
        <source>{path} cannot be read as a video: {why}</source>
        <translation>{path} no se puede leer como video: {why}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {problem}</source>
        <translation>{path} no se puede leer: {problem}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {reason}</source>
        <translation>{path} no se puede leer: {reason}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {why}</source>
        <translation>{path} no se puede leer: {why}</translation>
    </message>
    <message>
        <source>{path} cannot be written as a picture: {said} says no format that is written</source>
        <translation>{path} no se puede escribir como imagen: {said} no indica ningún formato que se escriba</translation>
    </message>
    <message>
        <source>{path} cannot be written: a JPEG is at most {most} pixels wide and high</source>
        <translation>{path} no se puede escribir: un JPEG tiene como máximo {most} píxeles de ancho y de alto</translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} is no folder</source>
        <translation>{path} no se puede escribir: {folder} no es una carpeta</translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} may not be written</source>
        <translation>{path} no se puede escribir: no hay permiso para escribir en {folder}</translation>
    </message>
    <message>
        <source>{path} could not be written: choose another folder.</source>
        <translation>No se pudo escribir {path}: elija otra carpeta.</translation>
    </message>
    <message>
        <source>{path} has format {found}, not {first} or {second}</source>
        <translation>{path} tiene el formato {found}, no {first} ni {second}</translation>
    </message>
    <message>
        <source>{path} has no [{table}]: it is from an earlier version, or was altered</source>
        <translation>{path} no tiene [{table}]: es de una versión anterior, o se alteró</translation>
    </message>
    <message>
        <source>{path} has no frame at {seconds:g} seconds</source>
        <translation>{path} no tiene ningún fotograma en el segundo {seconds:g}</translation>
    </message>
    <message>
        <source>{path} has no {file}</source>
        <translation>{path} no tiene {file}</translation>
    </message>
    <message>
        <source>{path} has the column {columns} twice</source>
        <translation>{path} tiene la columna {columns} dos veces</translation>
    </message>
    <message>
        <source>{path} holds more than {count:,} files</source>
        <translation>{path} contiene más de {count:,} archivos</translation>
    </message>
    <message>
        <source>{path} holds no library: {file} is missing</source>
        <translation>{path} no contiene una biblioteca: falta {file}</translation>
    </message>
    <message>
        <source>{path} holds other files</source>
        <translation>{path} contiene otros archivos</translation>
    </message>
    <message>
        <source>{path} holds something else than a library</source>
        <translation>{path} contiene algo distinto de una biblioteca</translation>
    </message>
    <message>
        <source>{path} holds the pictures of a library whose database is missing</source>
        <translation>{path} contiene las imágenes de una biblioteca cuya base de datos falta</translation>
    </message>
    <message>
        <source>{path} holds the pictures of an encrypted library whose database is missing</source>
        <translation>{path} contiene las imágenes de una biblioteca cifrada cuya base de datos falta</translation>
    </message>
    <message>
        <source>{path} holds the {file} of a library whose database is missing</source>
        <translation>{path} contiene el {file} de una biblioteca cuya base de datos falta</translation>
    </message>
    <message>
        <source>{path} holds the {file} of an encrypted library whose database is missing</source>
        <translation>{path} contiene el {file} de una biblioteca cifrada cuya base de datos falta</translation>
    </message>
    <message>
        <source>{path} is a folder</source>
        <translation>{path} es una carpeta</translation>
    </message>
    <message>
        <source>{path} is a folder, not a picture</source>
        <translation>{path} es una carpeta, no una imagen</translation>
    </message>
    <message>
        <source>{path} is a folder, not a {kind}</source>
        <translation>{path} es una carpeta, no un {kind}</translation>
    </message>
    <message>
        <source>{path} is a pickle, which could hold a program: it was not opened</source>
        <translation>{path} es un pickle, que podría contener un programa: no se abrió</translation>
    </message>
    <message>
        <source>{path} is coded in {shown}, which is not read</source>
        <translation>{path} está codificado en {shown}, que no se lee</translation>
    </message>
    <message>
        <source>{path} is damaged or no update file: {why}</source>
        <translation>{path} está dañado o no es un archivo de actualización: {why}</translation>
    </message>
    <message>
        <source>{path} is damaged: {error} is missing</source>
        <translation>{path} está dañado: falta {error}</translation>
    </message>
    <message>
        <source>{path} is damaged: {said}</source>
        <translation>{path} está dañado: {said}</translation>
    </message>
    <message>
        <source>{path} is encrypted already</source>
        <translation>{path} ya está cifrada</translation>
    </message>
    <message>
        <source>{path} is far too large ({size} bytes)</source>
        <translation>{path} es demasiado grande ({size} bytes)</translation>
    </message>
    <message>
        <source>{path} is in the way</source>
        <translation>{path} estorba</translation>
    </message>
    <message>
        <source>{path} is named twice and would be overwritten</source>
        <translation>{path} se nombra dos veces y se sobrescribiría</translation>
    </message>
    <message>
        <source>{path} is not UTF-8 text</source>
        <translation>{path} no es texto UTF-8</translation>
    </message>
    <message>
        <source>{path} is not a CSV table: {error}</source>
        <translation>{path} no es una tabla CSV: {error}</translation>
    </message>
    <message>
        <source>{path} is not a file</source>
        <translation>{path} no es un archivo</translation>
    </message>
    <message>
        <source>{path} is not a file that may be written: /{folder} belongs to the system</source>
        <translation>{path} no es un archivo que se pueda escribir: /{folder} pertenece al sistema</translation>
    </message>
    <message>
        <source>{path} is not a readable safetensors file ({error})</source>
        <translation>{path} no es un archivo safetensors legible ({error})</translation>
    </message>
    <message>
        <source>{path} is not a video that can be read</source>
        <translation>{path} no es un video que se pueda leer</translation>
    </message>
    <message>
        <source>{path} is not a zip that can be read, or it is cut short</source>
        <translation>{path} no es un archivo ZIP que se pueda leer, o está truncado</translation>
    </message>
    <message>
        <source>{path} is not signed by those whom this program trusts</source>
        <translation>{path} no está firmado por quienes este programa reconoce</translation>
    </message>
    <message>
        <source>{path} is not there</source>
        <translation>{path} no existe</translation>
    </message>
    <message>
        <source>{path} is of a form that this version does not know</source>
        <translation>{path} tiene una forma que esta versión no conoce</translation>
    </message>
    <message>
        <source>{path} is separated by {marks}</source>
        <translation>{path} está separado por {marks}</translation>
    </message>
    <message>
        <source>{path} is too large for a {kind}</source>
        <translation>{path} es demasiado grande para un {kind}</translation>
    </message>
    <message numerus="yes">
        <source>{path} lacks the column(s) {columns}</source>
        <translation>
            <numerusform>a {path} le falta la columna {columns}</numerusform>
            <numerusform>a {path} le faltan las columnas {columns}</numerusform>
        </translation>
    </message>
    <message>
        <source>{path} may not be installed any more: it was good until {until}, and this computer's clock says {now}</source>
        <translation>{path} ya no puede instalarse: valía hasta {until}, y el reloj de este ordenador marca {now}</translation>
    </message>
    <message>
        <source>{path} may not be read: permission denied</source>
        <translation>{path} no se puede leer: permiso denegado</translation>
    </message>
    <message>
        <source>{path} names no case</source>
        <translation>{path} no nombra ningún caso</translation>
    </message>
    <message>
        <source>{path} names the case {name} twice (lines {first} and {second})</source>
        <translation>{path} nombra el caso {name} dos veces (líneas {first} y {second})</translation>
    </message>
    <message>
        <source>{path} names the file {name} twice (lines {first} and {second})</source>
        <translation>{path} nombra el archivo {name} dos veces (líneas {first} y {second})</translation>
    </message>
    <message>
        <source>{path} unpacks to {unpacked:,.0f} MB, more than {times} times its {packed:,.1f} MB, as no pictures do (up to {free} MB it may); at most {limit} GB are read of a zip</source>
        <translation>{path} descomprimido ocupa {unpacked:,.0f} MB, más de {times} veces sus {packed:,.1f} MB, como no lo hacen las imágenes (puede llegar a {free} MB); de un archivo ZIP se leen como máximo {limit} GB</translation>
    </message>
    <message>
        <source>{path} was altered after the model was made</source>
        <translation>{path} se alteró después de hacer el modelo</translation>
    </message>
    <message>
        <source>{path} was signed before an update file that was installed, or made ready, here already</source>
        <translation>{path} se firmó antes que un archivo de actualización que ya se instaló, o se preparó, aquí</translation>
    </message>
    <message>
        <source>{path}, line {line}</source>
        <translation>{path}, línea {line}</translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix</source>
        <translation>{percent:.0f} % del cuello uterino</translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix as found</source>
        <translation>{percent:.0f} % del cuello uterino detectado</translation>
    </message>
    <message>
        <source>{pictures} already in the library</source>
        <translation>{pictures} ya en la biblioteca</translation>
    </message>
    <message>
        <source>{pictures} left out</source>
        <translation>omitidas: {pictures}</translation>
    </message>
    <message>
        <source>{pictures} pictures added</source>
        <translation>{pictures} imágenes añadidas</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits added</source>
        <translation>{pictures} imágenes en {visits} visitas añadidas</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits moved</source>
        <translation>{pictures} imágenes en {visits} visitas movidas</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits removed</source>
        <translation>{pictures} imágenes en {visits} visitas eliminadas</translation>
    </message>
    <message>
        <source>{pictures} pictures moved</source>
        <translation>{pictures} imágenes movidas</translation>
    </message>
    <message>
        <source>{pictures} pictures removed</source>
        <translation>{pictures} imágenes eliminadas</translation>
    </message>
    <message>
        <source>{pictures} to be looked at</source>
        <translation>{pictures} por revisar</translation>
    </message>
    <message>
        <source>{picture} (space: the other)</source>
        <translation>{picture} (Espacio: la otra)</translation>
    </message>
    <message>
        <source>{picture} of {part}</source>
        <translation>{picture} de {part}</translation>
    </message>
    <message>
        <source>{picture} {problems}.</source>
        <translation>{picture} {problems}.</translation>
    </message>
    <message>
        <source>{picture}, being registered</source>
        <translation>{picture}, en curso de alineación</translation>
    </message>
    <message>
        <source>{picture}, not registered</source>
        <translation>{picture}, sin alinear</translation>
    </message>
    <message>
        <source>{picture}, {seconds:.0f} s after acid</source>
        <translation>{picture}, {seconds:.0f} s tras el ácido</translation>
    </message>
    <message>
        <source>{picture}: missing in the library, its file is gone or was altered.</source>
        <translation>{picture}: falta en la biblioteca, su archivo ya no está o fue alterado.</translation>
    </message>
    <message>
        <source>{picture}: not shown, as the other picture of its pair is missing.</source>
        <translation>{picture}: no se muestra porque falta la otra imagen de su par.</translation>
    </message>
    <message>
        <source>{place} (on other pictures of this visit)</source>
        <translation>{place} (en otras imágenes de esta visita)</translation>
    </message>
    <message>
        <source>{problem}. Nothing was saved.</source>
        <translation>{problem}. No se guardó nada.</translation>
    </message>
    <message>
        <source>{problem}: a backup opens with those of its day, here of {snapshot}, whatever was changed since</source>
        <translation>{problem}: una copia de seguridad se abre con las de su día, aquí del {snapshot}, sin importar lo que se haya cambiado desde entonces</translation>
    </message>
    <message>
        <source>{problem}: copy it again from where it came, for what follows</source>
        <translation>{problem}: cópielo de nuevo desde su origen, para lo que sigue</translation>
    </message>
    <message>
        <source>{pseudonym} is {woman}. That you asked is on record.</source>
        <translation>{pseudonym} es {woman}. Queda registrado que usted lo preguntó.</translation>
    </message>
    <message>
        <source>{reader} no longer reads {task}: the reader is {now} now.</source>
        <translation>{reader} ya no lee {task}: ahora quien lee es {now}.</translation>
    </message>
    <message numerus="yes">
        <source>{ready} of %n picture(s) will be brought in</source>
        <translation>
            <numerusform>se incorporará {ready} de %n imagen</numerusform>
            <numerusform>se incorporarán {ready} de %n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>{reason}, and that her identity was removed: it may be a pseudonym</source>
        <translation>{reason}, y que se eliminó su identidad: puede ser un seudónimo</translation>
    </message>
    <message>
        <source>{reason}, and the same stands beside {names}</source>
        <translation>{reason}, y lo mismo figura junto a {names}</translation>
    </message>
    <message>
        <source>{reason}, and the visit was said to be on {day}</source>
        <translation>{reason}, y se indicó que la visita fue el {day}</translation>
    </message>
    <message>
        <source>{reason}, but it stands in {places}, where numbers may begin anew</source>
        <translation>{reason}, pero está en {places}, donde la numeración puede empezar de nuevo</translation>
    </message>
    <message>
        <source>{reason}, but its colours are those of {light}</source>
        <translation>{reason}, pero sus colores son los de {light}</translation>
    </message>
    <message>
        <source>{reason}, but its record says that the patient is male</source>
        <translation>{reason}, pero su registro dice que el paciente es varón</translation>
    </message>
    <message>
        <source>{reason}, but its record says {kind}, which is no photograph of a cervix</source>
        <translation>{reason}, pero su registro dice {kind}, que no es una fotografía de un cuello uterino</translation>
    </message>
    <message>
        <source>{reason}, but its study holds pictures of {others} as well</source>
        <translation>{reason}, pero su estudio contiene también imágenes de {others}</translation>
    </message>
    <message>
        <source>{reason}, but nothing else says it</source>
        <translation>{reason}, pero nada más lo dice</translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside different birth dates</source>
        <translation>{reason}, pero lo mismo figura junto a fechas de nacimiento distintas</translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside {names}</source>
        <translation>{reason}, pero lo mismo figura junto a {names}</translation>
    </message>
    <message>
        <source>{reason}, but {doubt}</source>
        <translation>{reason}, pero {doubt}</translation>
    </message>
    <message>
        <source>{reason}, but {figures} behind the day may be a count</source>
        <translation>{reason}, pero {figures} tras el día puede ser un número de orden</translation>
    </message>
    <message>
        <source>{reason}, but {names} within it may be different women</source>
        <translation>{reason}, pero {names} dentro de él pueden ser pacientes distintas</translation>
    </message>
    <message>
        <source>{reason}, but {where} says {number}</source>
        <translation>{reason}, pero {where} dice {number}</translation>
    </message>
    <message>
        <source>{reason}, but {where} within it may name her</source>
        <translation>{reason}, pero {where} dentro de él puede nombrarla</translation>
    </message>
    <message>
        <source>{reason}: {figures} behind it is taken for a count</source>
        <translation>{reason}: {figures} detrás se toma por un número de orden</translation>
    </message>
    <message>
        <source>{reason}: {number} is {name} in this library.</source>
        <translation>{reason}: {number} es {name} en esta biblioteca.</translation>
    </message>
    <message>
        <source>{reason}: {number}, and hers is {identifier}.</source>
        <translation>{reason}: {number}, y el de ella es {identifier}.</translation>
    </message>
    <message>
        <source>{reason}; they differ in shape ({one} and {other})</source>
        <translation>{reason}; difieren en forma ({one} y {other})</translation>
    </message>
    <message>
        <source>{reason}; without points: {cause}</source>
        <translation>{reason}; sin puntos: {cause}</translation>
    </message>
    <message>
        <source>{regions}, dashed line</source>
        <translation>{regions}, línea discontinua</translation>
    </message>
    <message>
        <source>{regions}, whole line</source>
        <translation>{regions}, línea continua</translation>
    </message>
    <message>
        <source>{registered}, by hand</source>
        <translation>{registered}, a mano</translation>
    </message>
    <message>
        <source>{remedy}, or {other_way}</source>
        <translation>{remedy}, o {other_way}</translation>
    </message>
    <message>
        <source>{review.pin} takes the pin tool, and a click marks where a biopsy was taken. Each pin has its pot here, and {review.labels} saves the labels of the pots.</source>
        <translation>{review.pin} elige la herramienta de marca, y un clic marca dónde se tomó una biopsia. Cada marca tiene aquí su frasco, y {review.labels} guarda las etiquetas de los frascos.</translation>
    </message>
    <message>
        <source>{same} the same, {far} two grades or more apart</source>
        <translation>{same} iguales, {far} a dos grados o más de diferencia</translation>
    </message>
    <message>
        <source>{scale:.4g} mm a pixel: the picture is {width:.1f} mm wide.</source>
        <translation>{scale:.4g} mm por píxel: la imagen tiene {width:.1f} mm de ancho.</translation>
    </message>
    <message>
        <source>{seconds:.0f} s after acid</source>
        <translation>{seconds:.0f} s tras el ácido</translation>
    </message>
    <message>
        <source>{seconds:.0f} s long</source>
        <translation>{seconds:.0f} s de duración</translation>
    </message>
    <message>
        <source>{seconds:.1f} of {total:.1f} s</source>
        <translation>{seconds:.1f} de {total:.1f} s</translation>
    </message>
    <message>
        <source>{sentence}.</source>
        <translation>{sentence}.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen after Lugol's iodine.</source>
        <translation>El {share:.0%} de la imagen de luz blanca se ve tras el lugol.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in fluorescence.</source>
        <translation>El {share:.0%} de la imagen de luz blanca se ve en fluorescencia.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in white light.</source>
        <translation>El {share:.0%} de la imagen de luz blanca se ve con luz blanca.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen through the green filter.</source>
        <translation>El {share:.0%} de la imagen de luz blanca se ve con el filtro verde.</translation>
    </message>
    <message>
        <source>{share:.0%} of this visit's picture is seen in the earlier one.</source>
        <translation>El {share:.0%} de la imagen de esta visita se ve en la anterior.</translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits found; scroll down for older ones</source>
        <translation>{shown:,} de {total:,} visitas encontradas; desplácese hacia abajo para ver más antiguas</translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits; scroll down for older ones</source>
        <translation>{shown:,} de {total:,} visitas; desplácese hacia abajo para ver más antiguas</translation>
    </message>
    <message>
        <source>{shown} of {there} are shown, chosen evenly.</source>
        <translation>Se muestran {shown} de {there}, elegidas de forma uniforme.</translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the clip are shown, chosen evenly.</source>
        <translation>Se muestran {shown} de {there} imágenes del clip, elegidas de forma uniforme.</translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the whitening clip are shown, chosen evenly.</source>
        <translation>Se muestran {shown} de {there} imágenes del clip de blanqueamiento, elegidas de forma uniforme.</translation>
    </message>
    <message>
        <source>{software}   made {when}</source>
        <translation>{software}   generado el {when}</translation>
    </message>
    <message>
        <source>{software}, made {when}</source>
        <translation>{software}, generado el {when}</translation>
    </message>
    <message>
        <source>{sources} are no pair</source>
        <translation>{sources} no forman un par</translation>
    </message>
    <message>
        <source>{sources}, {variant}, {splice} splice, {size} px input</source>
        <translation>{sources}, {variant}, fusión {splice}, entrada de {size} px</translation>
    </message>
    <message>
        <source>{source} alone: {answer}</source>
        <translation>{source} únicamente: {answer}</translation>
    </message>
    <message>
        <source>{source} only</source>
        <translation>{source} únicamente</translation>
    </message>
    <message>
        <source>{source}, stage not known</source>
        <translation>{source}, fase desconocida</translation>
    </message>
    <message>
        <source>{source}: such a picture is read beside white light only</source>
        <translation>{source}: una imagen así se lee solo junto a luz blanca</translation>
    </message>
    <message>
        <source>{squares} squares were seen. Their sides differ by {spread:.1%} (0 %: flat, square to the view).</source>
        <translation>Se vieron {squares} cuadrados. Sus lados difieren en {spread:.1%} (0 %: plano, perpendicular a la vista).</translation>
    </message>
    <message>
        <source>{stage} (white light)</source>
        <translation>{stage} (luz blanca)</translation>
    </message>
    <message>
        <source>{stage} + fluorescence</source>
        <translation>{stage} + fluorescencia</translation>
    </message>
    <message>
        <source>{start:.0f} to {end:.0f} s after acid</source>
        <translation>{start:.0f} a {end:.0f} s tras el ácido</translation>
    </message>
    <message>
        <source>{step} of {steps}</source>
        <translation>{step} de {steps}</translation>
    </message>
    <message>
        <source>{step}: {done:.0f} of {total:.0f}.</source>
        <translation>{step}: {done:.0f} de {total:.0f}.</translation>
    </message>
    <message>
        <source>{step}{share}. You can go on working meanwhile.</source>
        <translation>{step}{share}. Mientras tanto puede seguir trabajando.</translation>
    </message>
    <message>
        <source>{stored} bits scaled to 8 bits</source>
        <translation>{stored} bits escalados a 8 bits</translation>
    </message>
    <message>
        <source>{text} of {woman}</source>
        <translation>{text} de {woman}</translation>
    </message>
    <message>
        <source>{these} and {last}</source>
        <translation>{these} y {last}</translation>
    </message>
    <message>
        <source>{these} and {this}</source>
        <translation>{these} y {this}</translation>
    </message>
    <message>
        <source>{these} or {this}</source>
        <translation>{these} o {this}</translation>
    </message>
    <message>
        <source>{time} after acid</source>
        <translation>{time} tras el ácido</translation>
    </message>
    <message>
        <source>{title}. You can go on working meanwhile.</source>
        <translation>{title}. Mientras tanto puede seguir trabajando.</translation>
    </message>
    <message>
        <source>{title}: visit of {when}</source>
        <translation>{title}: visita del {when}</translation>
    </message>
    <message>
        <source>{title}: {what}</source>
        <translation>{title}: {what}</translation>
    </message>
    <message>
        <source>{total} of 10</source>
        <translation>{total} de 10</translation>
    </message>
    <message>
        <source>{total} of 8</source>
        <translation>{total} de 8</translation>
    </message>
    <message>
        <source>{typed} can mean {one} or {other}</source>
        <translation>{typed} puede significar {one} o {other}</translation>
    </message>
    <message>
        <source>{typed} is no birth date</source>
        <translation>{typed} no es una fecha de nacimiento</translation>
    </message>
    <message>
        <source>{typed} is no day</source>
        <translation>{typed} no es un día</translation>
    </message>
    <message>
        <source>{typed} is no day of a report</source>
        <translation>{typed} no es el día de un informe</translation>
    </message>
    <message>
        <source>{typed} is no number of seconds after acetic acid</source>
        <translation>{typed} no es un número de segundos tras el ácido acético</translation>
    </message>
    <message>
        <source>{typed} is not a time</source>
        <translation>{typed} no es una hora</translation>
    </message>
    <message>
        <source>{user} on {host} (process {pid}, since {since})</source>
        <translation>{user} en {host} (proceso {pid}, desde {since})</translation>
    </message>
    <message>
        <source>{value:g} is no value for the {control}</source>
        <translation>{value:g} no es un valor válido ({control})</translation>
    </message>
    <message>
        <source>{variable} is {name!r}</source>
        <translation>{variable} es {name!r}</translation>
    </message>
    <message>
        <source>{verdict} (the last pair)</source>
        <translation>{verdict} (el último par)</translation>
    </message>
    <message>
        <source>{version!r} cannot be the version of a model</source>
        <translation>{version!r} no puede ser la versión de un modelo</translation>
    </message>
    <message>
        <source>{version}, from its source in {folder}</source>
        <translation>{version}, desde su código fuente en {folder}</translation>
    </message>
    <message>
        <source>{version}, in {folder}</source>
        <translation>{version}, en {folder}</translation>
    </message>
    <message>
        <source>{view} follows once the pictures are aligned</source>
        <translation>{view} estará disponible cuando las imágenes estén alineadas</translation>
    </message>
    <message>
        <source>{view} follows once the pictures are registered</source>
        <translation>{view} estará disponible cuando las imágenes estén alineadas</translation>
    </message>
    <message>
        <source>{view} needs a registration: the pictures do not lie on each other yet</source>
        <translation>{view} necesita la alineación: las imágenes aún no se superponen</translation>
    </message>
    <message>
        <source>{view} needs both pictures</source>
        <translation>{view} necesita ambas imágenes</translation>
    </message>
    <message>
        <source>{view} needs two pictures that lie on each other: these are not aligned</source>
        <translation>{view} necesita dos imágenes que se superpongan: estas no están alineadas</translation>
    </message>
    <message>
        <source>{visits}, WITH NAMES.

Goes out: name, number, birth date, pictures; findings and pins; registration of the pair that opens or was signed, its AI answer if it was revealed; of signed visits the report. Nothing is removed.

It goes on record, before the first file is written: who, when, which visits.</source>
        <translation>{visits}, CON NOMBRES.

Se exporta: nombre, número, fecha de nacimiento, imágenes; hallazgos y marcas; registro del par que se abre o que se firmó, su respuesta de la IA si se reveló; de las visitas firmadas, el informe. No se elimina nada.

Queda registrado, antes de escribir el primer archivo: quién, cuándo, qué visitas.</translation>
    </message>
    <message>
        <source>{visits}, {pictures}, under pseudonyms.</source>
        <translation>{visits}, {pictures}, con seudónimos.</translation>
    </message>
    <message>
        <source>{weights} is not a readable safetensors file ({error})</source>
        <translation>{weights} no es un archivo safetensors legible ({error})</translation>
    </message>
    <message>
        <source>{what_is_done} by {holder}</source>
        <translation>{what_is_done} por {holder}</translation>
    </message>
    <message>
        <source>{where} and {other} say different numbers</source>
        <translation>{where} y {other} dicen números distintos</translation>
    </message>
    <message>
        <source>{where} has {count} entries, as one value for each case would be</source>
        <translation>{where} tiene {count} entradas, como sería un valor por cada caso</translation>
    </message>
    <message>
        <source>{where} holds marks of women</source>
        <translation>{where} contiene marcas de pacientes</translation>
    </message>
    <message>
        <source>{where} is a list of lists</source>
        <translation>{where} es una lista de listas</translation>
    </message>
    <message>
        <source>{where} is a list of {count} where no model of this program has one, as one value for each case would be</source>
        <translation>{where} es una lista de {count} donde ningún modelo de este programa tiene una, como sería un valor por cada caso</translation>
    </message>
    <message>
        <source>{where} is a table that no model of this program has</source>
        <translation>{where} es una tabla que ningún modelo de este programa tiene</translation>
    </message>
    <message>
        <source>{where} is a text that nobody can read</source>
        <translation>{where} es un texto que nadie puede leer</translation>
    </message>
    <message>
        <source>{where} looks like a clinic's number</source>
        <translation>{where} parece el número de una clínica</translation>
    </message>
    <message>
        <source>{where} names a file or folder ({path})</source>
        <translation>{where} nombra un archivo o una carpeta ({path})</translation>
    </message>
    <message>
        <source>{where} says a number, which may be another than a clinic's</source>
        <translation>{where} dice un número, que puede ser distinto del de una clínica</translation>
    </message>
    <message>
        <source>{where} says so</source>
        <translation>{where} lo dice</translation>
    </message>
    <message>
        <source>{where} says two stages ({words})</source>
        <translation>{where} dice dos fases ({words})</translation>
    </message>
    <message>
        <source>{where} says {day}</source>
        <translation>{where} dice {day}</translation>
    </message>
    <message>
        <source>{where}: more cells than columns</source>
        <translation>{where}: más celdas que columnas</translation>
    </message>
    <message>
        <source>{where}: no x and y</source>
        <translation>{where}: faltan x e y</translation>
    </message>
    <message>
        <source>{where}: not a finite number</source>
        <translation>{where}: no es un número finito</translation>
    </message>
    <message>
        <source>{who} may not {act} in this library.</source>
        <translation>{who} no puede {act} en esta biblioteca.</translation>
    </message>
    <message>
        <source>{width} x {height} pixels</source>
        <translation>{width} x {height} píxeles</translation>
    </message>
    <message>
        <source>{width} x {height} pixels of 16 bits, with transparency</source>
        <translation>{width} x {height} píxeles de 16 bits, con transparencia</translation>
    </message>
    <message>
        <source>{woman} is being examined: marks, whitening and clips end where another visit is opened. Press again within 3 seconds to open it all the same.</source>
        <translation>{woman} está en exploración: las marcas, el blanqueamiento y los clips terminan al abrir otra visita. Pulse de nuevo en menos de 3 segundos para abrirla de todos modos.</translation>
    </message>
    <message>
        <source>{woman}, examination: {field}</source>
        <translation>{woman}, exploración: {field}</translation>
    </message>
    <message>
        <source>{woman}, follow-up: {field}</source>
        <translation>{woman}, seguimiento: {field}</translation>
    </message>
    <message>
        <source>{woman}, how {specimen} was taken: {field}</source>
        <translation>{woman}, cómo se tomó {specimen}: {field}</translation>
    </message>
    <message>
        <source>{woman}, lesion {number}: {field}</source>
        <translation>{woman}, lesión {number}: {field}</translation>
    </message>
    <message>
        <source>{woman}, referral card: {field}</source>
        <translation>{woman}, ficha de derivación: {field}</translation>
    </message>
    <message>
        <source>{woman}, result of histology</source>
        <translation>{woman}, resultado de histología</translation>
    </message>
    <message>
        <source>{woman}, result of pot {pot}: {field}</source>
        <translation>{woman}, resultado del frasco {pot}: {field}</translation>
    </message>
    <message>
        <source>{woman}, visit of {when}</source>
        <translation>{woman}, visita del {when}</translation>
    </message>
    <message>
        <source>{work} is not done, and its recording would end. {again} to stop it, or wait.</source>
        <translation>{work} no ha terminado, y su grabación se cortaría. {again} para detenerlo, o espere.</translation>
    </message>
    <message>
        <source>{work} is not done, and nothing of it would stay. {again} to stop it, or wait.</source>
        <translation>{work} no ha terminado, y no quedaría nada de ello. {again} para detenerlo, o espere.</translation>
    </message>
    <message>
        <source>{work} is not done, and would be stopped. {again} to stop it, or wait.</source>
        <translation>{work} no ha terminado, y se detendría. {again} para detenerlo, o espere.</translation>
    </message>
    <message>
        <source>± is the spread over {passes} passes of the model, not its error.</source>
        <translation>± es la dispersión en {passes} pasadas del modelo, no su error.</translation>
    </message>
    <message>
        <source>▶ Play</source>
        <translation>▶ Reproducir</translation>
    </message>
    <message>
        <source>● REC {minutes}:{seconds:02d}</source>
        <translation>● REC {minutes}:{seconds:02d}</translation>
    </message>
    <message>
        <source>● in the set, {promise}.</source>
        <translation>● en el conjunto, {promise}.</translation>
    </message>
    <message>
        <source>❚❚ Pause</source>
        <translation>❚❚ Pausa</translation>
    </message>
    <message>
        <source>it opens the folder of a library, and model files ({ending}). Pictures and videos are brought in on Today, with Import pictures</source>
        <translation>abre la carpeta de una biblioteca y archivos de modelo ({ending}). Las imágenes y los vídeos se importan en Hoy, con Importar imágenes</translation>
    </message>
    <message>
        <source>look whether its disk or network share is connected, and whether it was moved or given another name</source>
        <translation>mire si su disco o unidad de red está conectado, y si se movió o se le cambió el nombre</translation>
    </message>
    <message>
        <source>{file} is looked at once a library is open.</source>
        <translation>{file} se mirará cuando haya una biblioteca abierta.</translation>
    </message>
    <message>
        <source>{path} is nothing that this program opens by its name</source>
        <translation>{path} no es nada que este programa abra por su nombre</translation>
    </message>
</context>
</TS>
