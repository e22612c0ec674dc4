<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr_FR" sourcelanguage="en">
<context>
    <name />
    <message>
        <source>"{typed}" is no fingerprint</source>
        <translation>« {typed} » n’est pas une empreinte</translation>
    </message>
    <message>
        <source>"{what}" was not done: a {kind} never changes</source>
        <translation>« {what} » n’a pas été fait : un élément de ce type ({kind}) ne change jamais</translation>
    </message>
    <message>
        <source>"{what}" was not done: the first read cannot change once the AI was revealed</source>
        <translation>« {what} » n’a pas été fait : la première lecture ne peut plus changer une fois l’IA révélée</translation>
    </message>
    <message>
        <source>"{what}" was not done: the impression and the last read would contradict each other</source>
        <translation>« {what} » n’a pas été fait : l’impression et la dernière lecture se contrediraient</translation>
    </message>
    <message>
        <source>"{what}" was not done: the {kind} changed meanwhile</source>
        <translation>« {what} » n’a pas été fait : l’élément ({kind}) a changé entre-temps</translation>
    </message>
    <message>
        <source>"{what}" was not done: this is not the signature of the visit</source>
        <translation>« {what} » n’a pas été fait : ce n’est pas la signature de la consultation</translation>
    </message>
    <message>
        <source>"{what}" was not done: this visit is signed</source>
        <translation>« {what} » n’a pas été fait : cette consultation est signée</translation>
    </message>
    <message>
        <source>"{what}" was not done: {why}</source>
        <translation>« {what} » n’a pas été fait : {why}</translation>
    </message>
    <message>
        <source># User guide

The guide was not installed with this program. `?` shows the keys of each page.</source>
        <translation># Guide d’utilisation

Le guide n’a pas été installé avec ce programme. `?` affiche les touches de chaque page.</translation>
    </message>
    <message>
        <source>% come again, unannounced</source>
        <translation>% reviennent, sans annonce</translation>
    </message>
    <message numerus="yes">
        <source>%n (run|runs) of learning that (is|are) not finished can be gone on with in {folder} only</source>
        <translation>
            <numerusform>%n apprentissage inachevé ne peut être poursuivi que dans {folder}</numerusform>
            <numerusform>%n apprentissages inachevés ne peuvent être poursuivis que dans {folder}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n (woman|women)</source>
        <translation>
            <numerusform>%n patiente</numerusform>
            <numerusform>%n patientes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n awaited</source>
        <translation>
            <numerusform>%n attendu</numerusform>
            <numerusform>%n attendus</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n box(es)</source>
        <translation>
            <numerusform>%n cadre</numerusform>
            <numerusform>%n cadres</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n cannot be graded</source>
        <translation>
            <numerusform>%n sans grade possible</numerusform>
            <numerusform>%n sans grade possible</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s)</source>
        <translation>
            <numerusform>%n cas</numerusform>
            <numerusform>%n cas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of the locked test that they grade differently:</source>
        <translation>
            <numerusform>%n cas du test verrouillé auquel ils attribuent un grade différent :</numerusform>
            <numerusform>%n cas du test verrouillé auxquels ils attribuent un grade différent :</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) of {women} can be used: to learn from, to calibrate and to test.</source>
        <translation>
            <numerusform>%n cas de {women} utilisable : pour apprendre, étalonner et tester.</numerusform>
            <numerusform>%n cas de {women} utilisables : pour apprendre, étalonner et tester.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n clips were being recorded when the program ended: what was recorded until then is in the library</source>
        <translation>
            <numerusform>%n clip était en cours d’enregistrement à l’arrêt du programme : ce qui a été enregistré jusque-là est dans la bibliothèque</numerusform>
            <numerusform>%n clips étaient en cours d’enregistrement à l’arrêt du programme : ce qui a été enregistré jusque-là est dans la bibliothèque</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n corner(s): Enter or the first corner closes them</source>
        <translation>
            <numerusform>%n sommet : Entrée ou le premier sommet ferme le contour</numerusform>
            <numerusform>%n sommets : Entrée ou le premier sommet ferme le contour</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s)</source>
        <translation>
            <numerusform>%n jour</numerusform>
            <numerusform>%n jours</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s), overdue</source>
        <translation>
            <numerusform>%n jour, en retard</numerusform>
            <numerusform>%n jours, en retard</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n epoch(s)</source>
        <translation>
            <numerusform>%n époque</numerusform>
            <numerusform>%n époques</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s)</source>
        <translation>
            <numerusform>%n fichier</numerusform>
            <numerusform>%n fichiers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) not brought in</source>
        <translation>
            <numerusform>%n fichier non importé</numerusform>
            <numerusform>%n fichiers non importés</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n grade(s) apart</source>
        <translation>
            <numerusform>%n grade d’écart</numerusform>
            <numerusform>%n grades d’écart</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n left out</source>
        <translation>
            <numerusform>%n écartée</numerusform>
            <numerusform>%n écartées</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n ligne</numerusform>
            <numerusform>%n lignes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) found</source>
        <translation>
            <numerusform>%n ligne trouvée</numerusform>
            <numerusform>%n lignes trouvées</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s) without keys or mouse</source>
        <translation>
            <numerusform>%n minute sans clavier ni souris</numerusform>
            <numerusform>%n minutes sans clavier ni souris</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n missed</source>
        <translation>
            <numerusform>%n manquée</numerusform>
            <numerusform>%n manquées</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n moment(s) of acetic acid</source>
        <translation>
            <numerusform>%n moment d’acide acétique</numerusform>
            <numerusform>%n moments d’acide acétique</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait)</source>
        <translation>
            <numerusform>%n nouvelle image en attente</numerusform>
            <numerusform>%n nouvelles images en attente</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n new picture(s) (waits|wait): open her visit</source>
        <translation>
            <numerusform>%n nouvelle image en attente : ouvrez la consultation de la patiente</numerusform>
            <numerusform>%n nouvelles images en attente : ouvrez la consultation de la patiente</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n not shown</source>
        <translation>
            <numerusform>%n non montrée</numerusform>
            <numerusform>%n non montrées</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n note(s) of no harm, such as heatmaps that are made again when needed.</source>
        <translation>
            <numerusform>%n remarque sans gravité, comme des cartes de chaleur refaites au besoin.</numerusform>
            <numerusform>%n remarques sans gravité, comme des cartes de chaleur refaites au besoin.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of them not in sight yet: scroll to the end.</source>
        <translation>
            <numerusform>%n d’entre elles pas encore vue : faites défiler jusqu’à la fin.</numerusform>
            <numerusform>%n d’entre elles pas encore vues : faites défiler jusqu’à la fin.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of {points} points (lies|lie) outside the white-light picture ({width} x {height} pixels)</source>
        <translation>
            <numerusform>%n point sur {points} est hors de l’image en lumière blanche ({width} x {height} pixels)</numerusform>
            <numerusform>%n points sur {points} sont hors de l’image en lumière blanche ({width} x {height} pixels)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of hers here (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation>
            <numerusform>%n autre image de cette patiente ici est consignée pour une autre patiente ({identifier}) : celle-ci appartient peut-être à cette autre patiente</numerusform>
            <numerusform>%n autres images de cette patiente ici sont consignées pour une autre patiente ({identifier}) : celle-ci appartient peut-être à cette autre patiente</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n other picture(s) of this visit (is|are) on record for another woman ({identifier}): it may be hers</source>
        <translation>
            <numerusform>%n autre image de cette consultation est consignée pour une autre patiente ({identifier}) : celle-ci appartient peut-être à cette autre patiente</numerusform>
            <numerusform>%n autres images de cette consultation sont consignées pour une autre patiente ({identifier}) : celle-ci appartient peut-être à cette autre patiente</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s)</source>
        <translation>
            <numerusform>%n paire</numerusform>
            <numerusform>%n paires</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (comes|come) again, {gap} pairs or more after the first read.</source>
        <translation>
            <numerusform>%n paire revient, {gap} paires ou plus après la première lecture.</numerusform>
            <numerusform>%n paires reviennent, {gap} paires ou plus après la première lecture.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) (was|were) read by fewer than the {readers} people that it asked for: (its|their) label(s) will say so</source>
        <translation>
            <numerusform>%n paire a été lue par moins de personnes que les {readers} demandées : son étiquette l’indiquera</numerusform>
            <numerusform>%n paires ont été lues par moins de personnes que les {readers} demandées : leurs étiquettes l’indiqueront</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pair(s) of {women}</source>
        <translation>
            <numerusform>%n paire de {women}</numerusform>
            <numerusform>%n paires de {women}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s)</source>
        <translation>
            <numerusform>%n patiente</numerusform>
            <numerusform>%n patientes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n patient(s) (is|are) too few: none is left for {part}</source>
        <translation>
            <numerusform>%n patiente ne suffit pas : il n’en reste aucune pour {part}</numerusform>
            <numerusform>%n patientes ne suffisent pas : il n’en reste aucune pour {part}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s)</source>
        <translation>
            <numerusform>%n image</numerusform>
            <numerusform>%n images</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} already there, {skipped} skipped</source>
        <translation>
            <numerusform>%n image ajoutée ; déjà présentes : {there}, ignorées : {skipped}</numerusform>
            <numerusform>%n images ajoutées ; déjà présentes : {there}, ignorées : {skipped}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) added, {there} there already, {skipped} left out</source>
        <translation>
            <numerusform>%n image ajoutée ; déjà présentes : {there}, écartées : {skipped}</numerusform>
            <numerusform>%n images ajoutées ; déjà présentes : {there}, écartées : {skipped}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) cannot be read.</source>
        <translation>
            <numerusform>%n image illisible.</numerusform>
            <numerusform>%n images illisibles.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) checked, the records and the audit trail: {problems}.</source>
        <translation>
            <numerusform>%n image vérifiée, ainsi que les données et la piste d’audit : {problems}.</numerusform>
            <numerusform>%n images vérifiées, ainsi que les données et la piste d’audit : {problems}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) in this visit; none taken since it was opened</source>
        <translation>
            <numerusform>%n image dans cette consultation ; aucune prise depuis l’ouverture</numerusform>
            <numerusform>%n images dans cette consultation ; aucune prise depuis l’ouverture</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of the examination</source>
        <translation>
            <numerusform>%n image de l’examen</numerusform>
            <numerusform>%n images de l’examen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women}</source>
        <translation>
            <numerusform>%n image de {women}</numerusform>
            <numerusform>%n images de {women}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) of {women} ready</source>
        <translation>
            <numerusform>%n image de {women} prête</numerusform>
            <numerusform>%n images de {women} prêtes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s) without known seconds left out.</source>
        <translation>
            <numerusform>%n image sans secondes connues écartée.</numerusform>
            <numerusform>%n images sans secondes connues écartées.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pictures that were taken are not in the library yet, held here and tried again.</source>
        <translation>
            <numerusform>%n image prise n’est pas encore dans la bibliothèque, conservée ici ; nouvel essai en cours.</numerusform>
            <numerusform>%n images prises ne sont pas encore dans la bibliothèque, conservées ici ; nouvel essai en cours.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pins</source>
        <translation>
            <numerusform>%n repère</numerusform>
            <numerusform>%n repères</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation>
            <numerusform>%n problème</numerusform>
            <numerusform>%n problèmes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s)</source>
        <comment>pairs that somebody read</comment>
        <translation>
            <numerusform>%n lecture</numerusform>
            <numerusform>%n lectures</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n read(s) (counts|count) in no figure but those marked AI seen</source>
        <translation>
            <numerusform>%n lecture ne compte dans aucun chiffre, sauf ceux marqués IA vue</numerusform>
            <numerusform>%n lectures ne comptent dans aucun chiffre, sauf ceux marqués IA vue</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s)</source>
        <translation>
            <numerusform>%n région</numerusform>
            <numerusform>%n régions</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n region(s); draw the next one</source>
        <translation>
            <numerusform>%n région ; dessinez la suivante</numerusform>
            <numerusform>%n régions ; dessinez la suivante</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n regions</source>
        <translation>
            <numerusform>%n région</numerusform>
            <numerusform>%n régions</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n signed visit(s) of this woman: the correction will be noted in (its|their) report(s).</source>
        <translation>
            <numerusform>%n consultation signée de cette patiente : la correction sera notée dans son compte rendu.</numerusform>
            <numerusform>%n consultations signées de cette patiente : la correction sera notée dans leurs comptes rendus.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n to be checked.</source>
        <translation>
            <numerusform>%n à vérifier.</numerusform>
            <numerusform>%n à vérifier.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s)</source>
        <translation>
            <numerusform>%n consultation</numerusform>
            <numerusform>%n consultations</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) (is|are) found; those with pictures give a pair each</source>
        <translation>
            <numerusform>%n consultation trouvée ; avec des images, elle donne une paire</numerusform>
            <numerusform>%n consultations trouvées ; chacune avec des images donne une paire</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) found</source>
        <translation>
            <numerusform>%n consultation trouvée</numerusform>
            <numerusform>%n consultations trouvées</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) not assigned to a patient yet: not in the set.</source>
        <translation>
            <numerusform>%n consultation pas encore attribuée à une patiente : hors de l’ensemble.</numerusform>
            <numerusform>%n consultations pas encore attribuées à une patiente : hors de l’ensemble.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n visit(s) with a grade to train on.</source>
        <translation>
            <numerusform>%n consultation avec un grade pour l’entraînement.</numerusform>
            <numerusform>%n consultations avec un grade pour l’entraînement.</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Add pictures...</source>
        <translation>&amp;Ajouter des images...</translation>
    </message>
    <message>
        <source>&amp;Again</source>
        <translation>&amp;Répéter</translation>
    </message>
    <message>
        <source>&amp;All keyboard shortcuts</source>
        <translation>Tous les &amp;raccourcis clavier</translation>
    </message>
    <message>
        <source>&amp;Annotate</source>
        <translation>A&amp;nnotation</translation>
    </message>
    <message>
        <source>&amp;Bring a model file...</source>
        <translation>&amp;Importer un fichier de modèle...</translation>
    </message>
    <message>
        <source>&amp;Capture</source>
        <translation>&amp;Acquisition</translation>
    </message>
    <message>
        <source>&amp;Choose</source>
        <translation>Ch&amp;oisir</translation>
    </message>
    <message>
        <source>&amp;Close the message</source>
        <translation>&amp;Fermer le message</translation>
    </message>
    <message>
        <source>&amp;Confirm guesses</source>
        <translation>&amp;Confirmer les suppositions</translation>
    </message>
    <message>
        <source>&amp;Contents</source>
        <translation>&amp;Sommaire</translation>
    </message>
    <message>
        <source>&amp;Count the cases again</source>
        <translation>Re&amp;compter les cas</translation>
    </message>
    <message>
        <source>&amp;Dark or light theme</source>
        <translation>&amp;Thème sombre ou clair</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>É&amp;dition</translation>
    </message>
    <message>
        <source>&amp;Edit patient...</source>
        <translation>&amp;Modifier la patiente...</translation>
    </message>
    <message>
        <source>&amp;Encrypted, for pictures of real women</source>
        <translation>&amp;Chiffrée, pour des images de patientes réelles</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Fichier</translation>
    </message>
    <message>
        <source>&amp;Find a visit</source>
        <translation>Re&amp;chercher une consultation</translation>
    </message>
    <message>
        <source>&amp;Fine-tune on my cases</source>
        <translation>&amp;Affiner sur mes cas</translation>
    </message>
    <message>
        <source>&amp;Full screen</source>
        <translation>&amp;Plein écran</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>A&amp;ide</translation>
    </message>
    <message>
        <source>&amp;Hide or show everything</source>
        <translation>Tout mas&amp;quer ou afficher</translation>
    </message>
    <message>
        <source>&amp;Histology inbox...</source>
        <translation>Boîte d’&amp;histologie...</translation>
    </message>
    <message>
        <source>&amp;Import</source>
        <translation>I&amp;mporter</translation>
    </message>
    <message>
        <source>&amp;Import pictures...</source>
        <translation>&amp;Importer des images...</translation>
    </message>
    <message>
        <source>&amp;Install an update...</source>
        <translation>&amp;Installer une mise à jour...</translation>
    </message>
    <message>
        <source>&amp;Keys of this page</source>
        <translation>&amp;Touches de cette page</translation>
    </message>
    <message>
        <source>&amp;Leave out</source>
        <translation>Éca&amp;rter</translation>
    </message>
    <message>
        <source>&amp;Look again: for tasks, or for the pictures of the pair</source>
        <translation>A&amp;ctualiser : tâches, ou images de la paire</translation>
    </message>
    <message>
        <source>&amp;Look in:</source>
        <translation>Che&amp;rcher dans :</translation>
    </message>
    <message>
        <source>&amp;Make this folder</source>
        <translation>&amp;Créer ce dossier</translation>
    </message>
    <message>
        <source>&amp;Models</source>
        <translation>&amp;Modèles</translation>
    </message>
    <message>
        <source>&amp;Move visit to another patient...</source>
        <translation>&amp;Déplacer la consultation vers une autre patiente...</translation>
    </message>
    <message>
        <source>&amp;Move...</source>
        <translation>&amp;Déplacer...</translation>
    </message>
    <message>
        <source>&amp;New task...</source>
        <translation>&amp;Nouvelle tâche...</translation>
    </message>
    <message>
        <source>&amp;Next one that is not done</source>
        <translation>&amp;Suivant à traiter</translation>
    </message>
    <message>
        <source>&amp;Not encrypted, for demonstrations and research without names</source>
        <translation>N&amp;on chiffrée, pour démonstrations et recherche sans noms</translation>
    </message>
    <message>
        <source>&amp;Only unsure or missing</source>
        <translation>&amp;Uniquement incertains ou manquants</translation>
    </message>
    <message>
        <source>&amp;Open another library...</source>
        <translation>&amp;Ouvrir une autre bibliothèque...</translation>
    </message>
    <message>
        <source>&amp;Open visit</source>
        <translation>&amp;Ouvrir la consultation</translation>
    </message>
    <message>
        <source>&amp;Page before</source>
        <translation>&amp;Page précédente</translation>
    </message>
    <message>
        <source>&amp;Pair</source>
        <translation>&amp;Apparier</translation>
    </message>
    <message>
        <source>&amp;Password</source>
        <translation>Mot de &amp;passe</translation>
    </message>
    <message>
        <source>&amp;Pause the run, or let it go on</source>
        <translation>Sus&amp;pendre ou reprendre l’apprentissage</translation>
    </message>
    <message>
        <source>&amp;Print...</source>
        <translation>I&amp;mprimer...</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Quitter</translation>
    </message>
    <message>
        <source>&amp;Read the lists again</source>
        <translation>Re&amp;lire les listes</translation>
    </message>
    <message>
        <source>&amp;Read the model folders again</source>
        <translation>Re&amp;lire les dossiers de modèles</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Rétablir</translation>
    </message>
    <message>
        <source>&amp;Remove empty visit...</source>
        <translation>&amp;Supprimer la consultation vide...</translation>
    </message>
    <message>
        <source>&amp;Review</source>
        <translation>&amp;Lecture</translation>
    </message>
    <message>
        <source>&amp;Search the list</source>
        <translation>&amp;Chercher dans la liste</translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation>&amp;Réglages</translation>
    </message>
    <message>
        <source>&amp;Show what is typed</source>
        <translation>A&amp;fficher la saisie</translation>
    </message>
    <message>
        <source>&amp;Sign out</source>
        <translation>&amp;Se déconnecter</translation>
    </message>
    <message>
        <source>&amp;Stage...</source>
        <translation>É&amp;tape...</translation>
    </message>
    <message>
        <source>&amp;Take again</source>
        <translation>&amp;Réintégrer</translation>
    </message>
    <message>
        <source>&amp;Take the tour</source>
        <translation>&amp;Visite guidée</translation>
    </message>
    <message>
        <source>&amp;Today</source>
        <translation>A&amp;ujourd’hui</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Annuler</translation>
    </message>
    <message>
        <source>&amp;User guide</source>
        <translation>&amp;Guide d’utilisation</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>Affi&amp;chage</translation>
    </message>
    <message>
        <source>&amp;Woman...</source>
        <translation>Pati&amp;ente...</translation>
    </message>
    <message>
        <source>(2 of 2)</source>
        <translation>(2 sur 2)</translation>
    </message>
    <message>
        <source>(2 to {count} of {count})</source>
        <translation>(2 à {count} sur {count})</translation>
    </message>
    <message>
        <source>(chosen in Today)</source>
        <translation>(choisie dans Aujourd’hui)</translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation>(vide)</translation>
    </message>
    <message>
        <source>(error {error:.2f})</source>
        <translation>(erreur {error:.2f})</translation>
    </message>
    <message>
        <source>(no name)</source>
        <translation>(sans nom)</translation>
    </message>
    <message>
        <source>(of {parts} parts the longest)</source>
        <translation>(la plus longue des {parts} parties)</translation>
    </message>
    <message>
        <source>(open in Review)</source>
        <translation>(ouverte dans Lecture)</translation>
    </message>
    <message>
        <source>({pairs:,} seen in Decide)</source>
        <translation>({pairs:,} vues en Arbitrage)</translation>
    </message>
    <message>
        <source>({reads} compared)</source>
        <translation>({reads} comparées)</translation>
    </message>
    <message>
        <source>+ and -, wheel</source>
        <translation>+ et -, molette</translation>
    </message>
    <message>
        <source>+, -, wheel</source>
        <translation>+, -, molette</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between words in a row</comment>
        <translation>, </translation>
    </message>
    <message>
        <source>, and .</source>
        <translation>, et .</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}</source>
        <translation>, {done:,} sur {total:,}</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, about {minutes:,} min left</source>
        <translation>, {done:,} sur {total:,}, encore {minutes:,} min environ</translation>
    </message>
    <message>
        <source>, {done:,} of {total:,}, less than a minute left</source>
        <translation>, {done:,} sur {total:,}, encore moins d’une minute</translation>
    </message>
    <message>
        <source>--points and --mapped go together</source>
        <translation>--points et --mapped vont ensemble</translation>
    </message>
    <message>
        <source>... and {count} more</source>
        <translation>... et {count} de plus</translation>
    </message>
    <message>
        <source>... and {more:,} more.</source>
        <translation>... et {more:,} de plus.</translation>
    </message>
    <message>
        <source>... and {more} more; pfm audit verify lists them all.</source>
        <translation>... et {more} de plus ; pfm audit verify les affiche tous.</translation>
    </message>
    <message>
        <source>0 least</source>
        <comment>end of a scale</comment>
        <translation>0 minimum</translation>
    </message>
    <message>
        <source>0 none</source>
        <comment>end of a scale</comment>
        <translation>0 aucune</translation>
    </message>
    <message>
        <source>1 a second</source>
        <translation>1 par seconde</translation>
    </message>
    <message>
        <source>1 in 2 s</source>
        <translation>1 toutes les 2 s</translation>
    </message>
    <message>
        <source>1 is as strong as in half of the lesions, of the grade that the map speaks for, which the model graded rightly when it was calibrated; where this picture is stronger, its strongest place is 1.</source>
        <translation>1 est aussi fort que dans la moitié des lésions, du grade que concerne la carte, auxquelles le modèle a attribué le bon grade lors de son étalonnage ; là où cette image est plus forte, son endroit le plus fort est 1.</translation>
    </message>
    <message>
        <source>1 most here</source>
        <comment>end of a scale</comment>
        <translation>1 maximum ici</translation>
    </message>
    <message>
        <source>1 strong</source>
        <comment>end of a scale</comment>
        <translation>1 forte</translation>
    </message>
    <message>
        <source>1 visit is found</source>
        <translation>1 consultation trouvée</translation>
    </message>
    <message>
        <source>10 a second</source>
        <translation>10 par seconde</translation>
    </message>
    <message>
        <source>16-bit scaled to 8-bit</source>
        <translation>16 bits ramenés à 8 bits</translation>
    </message>
    <message>
        <source>2 a second</source>
        <translation>2 par seconde</translation>
    </message>
    <message>
        <source>24 invented women with 40 visits are drawn by the computer; this happens once and takes a minute or two. It may be cancelled: what is drawn already is used next time.</source>
        <translation>24 patientes fictives avec 40 consultations sont dessinées par l’ordinateur ; cela n’a lieu qu’une fois et prend une minute ou deux. On peut annuler : ce qui est déjà dessiné sert la prochaine fois.</translation>
    </message>
    <message>
        <source>3 a second</source>
        <translation>3 par seconde</translation>
    </message>
    <message>
        <source>5-15 mm or 2 quadrants</source>
        <translation>5-15 mm ou 2 quadrants</translation>
    </message>
    <message>
        <source>&lt; 5 mm</source>
        <translation>&lt; 5 mm</translation>
    </message>
    <message>
        <source>&gt; 15 mm, 3-4 quadrants, or endocervically undefined</source>
        <translation>&gt; 15 mm, 3-4 quadrants, ou limite endocervicale non définie</translation>
    </message>
    <message>
        <source>? all keys</source>
        <translation>? toutes les touches</translation>
    </message>
    <message>
        <source>A camera is a USB camera that was found, or an address: rtsp://..., http://... (MJPEG), genicam:SERIAL, or file:/path of a video. Numbers that stay empty are left to the camera; white balance in fluorescence is never automatic.</source>
        <translation>Une caméra est une caméra USB trouvée, ou une adresse : rtsp://..., http://... (MJPEG), genicam:SERIAL, ou file:/chemin d’une vidéo. Les nombres laissés vides sont choisis par la caméra ; la balance des blancs en fluorescence n’est jamais automatique.</translation>
    </message>
    <message>
        <source>A change afterwards takes a reason and another signature.</source>
        <translation>Une modification ultérieure exige un motif et une autre signature.</translation>
    </message>
    <message>
        <source>A clip is removed on the Capture page, under Clips. Nothing was changed.</source>
        <translation>Un clip se retire dans la page Acquisition, sous Clips. Rien n’a été modifié.</translation>
    </message>
    <message>
        <source>A clip was being recorded when the program ended: what was recorded until then is in the library</source>
        <translation>Un clip était en cours d’enregistrement à l’arrêt du programme : ce qui a été enregistré jusque-là est dans la bibliothèque</translation>
    </message>
    <message>
        <source>A device that saves pictures into a folder</source>
        <translation>Un appareil qui enregistre les images dans un dossier</translation>
    </message>
    <message>
        <source>A file import.csv in a chosen folder (patient,visit_time,stage,source,file) is followed.</source>
        <translation>Un fichier import.csv dans un dossier choisi (patient,visit_time,stage,source,file) est pris en compte.</translation>
    </message>
    <message>
        <source>A model from elsewhere</source>
        <translation>Un modèle venu d’ailleurs</translation>
    </message>
    <message>
        <source>A model is being learned</source>
        <translation>Un modèle est en cours d’entraînement</translation>
    </message>
    <message>
        <source>A model was learned. It is in quarantine until it is compared and promoted in Fine-tune.</source>
        <translation>Un modèle a été entraîné. Il est en quarantaine jusqu’à ce qu’il soit comparé et promu dans Affinage.</translation>
    </message>
    <message>
        <source>A narrower window has more contrast</source>
        <translation>Une fenêtre plus étroite donne plus de contraste</translation>
    </message>
    <message>
        <source>A new patient</source>
        <translation>Une nouvelle patiente</translation>
    </message>
    <message>
        <source>A new recovery key was made; the one before opens nothing any more.</source>
        <translation>Une nouvelle clé de récupération a été créée ; la précédente n’ouvre plus rien.</translation>
    </message>
    <message>
        <source>A pair needs one white-light and one fluorescence picture, or beside plain white light one through a green filter or after Lugol's iodine.</source>
        <translation>Une paire demande une image en lumière blanche et une en fluorescence ou, à côté de la lumière blanche simple, une avec filtre vert ou après lugol.</translation>
    </message>
    <message>
        <source>A pair that somebody read here gets its label from readers once {readers} people have read it (also in other tasks), or the task is closed.</source>
        <translation>Une paire lue ici par quelqu’un reçoit son étiquette des lecteurs dès que {readers} personnes l’ont lue (aussi dans d’autres tâches) ou que la tâche est fermée.</translation>
    </message>
    <message>
        <source>A picture of an earlier visit beside the one on the stage (F7)</source>
        <translation>Une image d’une consultation antérieure à côté de celle de la zone d’image (F7)</translation>
    </message>
    <message>
        <source>A picture of the sequence is no longer in this visit: the player was closed.</source>
        <translation>Une image de la séquence n’est plus dans cette consultation : le lecteur de séquence a été fermé.</translation>
    </message>
    <message>
        <source>A picture that is being taken</source>
        <translation>Une image en cours de prise</translation>
    </message>
    <message>
        <source>A picture that was taken is not in the library yet, held here and tried again.</source>
        <translation>Une image prise n’est pas encore dans la bibliothèque, conservée ici ; nouvel essai en cours.</translation>
    </message>
    <message>
        <source>A picture was taken just now. Press again when acetic acid is on: that starts the clock.</source>
        <translation>Une image vient d’être prise. Appuyez de nouveau quand l’acide acétique est appliqué : cela lance le chronomètre.</translation>
    </message>
    <message>
        <source>A pot takes {count} characters. What is beyond them was not taken in.</source>
        <translation>Un pot accepte {count} caractères. Ce qui dépasse n’a pas été repris.</translation>
    </message>
    <message>
        <source>A result is overdue after</source>
        <translation>Un résultat est en retard après</translation>
    </message>
    <message>
        <source>A saved report goes on record, with your name, at the next sign-in with which the library is written.</source>
        <translation>Un compte rendu enregistré est consigné, avec votre nom, à la prochaine connexion permettant l’écriture dans la bibliothèque.</translation>
    </message>
    <message>
        <source>A saved report is not recorded here: the library is read-only.</source>
        <translation>Un compte rendu enregistré n’est pas consigné ici : la bibliothèque est en lecture seule.</translation>
    </message>
    <message>
        <source>A second read that differs needs a reason.</source>
        <translation>Une seconde lecture différente exige un motif.</translation>
    </message>
    <message>
        <source>A sequence is played. Press Esc to go back to the pair first.</source>
        <translation>Une séquence est affichée. Appuyez d’abord sur Échap pour revenir à la paire.</translation>
    </message>
    <message>
        <source>A text</source>
        <translation>Un texte</translation>
    </message>
    <message>
        <source>A visit of their own</source>
        <translation>Une consultation à part</translation>
    </message>
    <message>
        <source>A visit without an impression cannot be signed (Findings).</source>
        <translation>Une consultation sans impression ne peut pas être signée (Signes).</translation>
    </message>
    <message>
        <source>A&amp;bout pfm_desktop</source>
        <translation>À &amp;propos de pfm_desktop</translation>
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
        <translation>Réponse de l’IA</translation>
    </message>
    <message>
        <source>AI answer in Annotate</source>
        <translation>Réponse de l’IA dans Annotation</translation>
    </message>
    <message>
        <source>AI answer: {words}</source>
        <translation>Réponse de l’IA : {words}</translation>
    </message>
    <message>
        <source>AI answers revealed</source>
        <translation>Réponses de l’IA révélées</translation>
    </message>
    <message>
        <source>AI in Annotate</source>
        <translation>IA dans Annotation</translation>
    </message>
    <message>
        <source>AI may be seen after the grade</source>
        <translation>L’IA peut être vue après le grade</translation>
    </message>
    <message>
        <source>AI may be seen before the grade</source>
        <translation>L’IA peut être vue avant le grade</translation>
    </message>
    <message>
        <source>AI may be shown before the grade</source>
        <translation>L’IA peut être montrée avant le grade</translation>
    </message>
    <message>
        <source>AI revealed</source>
        <translation>IA révélée</translation>
    </message>
    <message>
        <source>AI revealed at</source>
        <translation>Heure de révélation de l’IA</translation>
    </message>
    <message>
        <source>AI revealed: {moment}</source>
        <translation>IA révélée : {moment}</translation>
    </message>
    <message>
        <source>AI revealed: {moment}, without a first read</source>
        <translation>IA révélée : {moment}, sans première lecture</translation>
    </message>
    <message>
        <source>AI revealed: {when}</source>
        <translation>IA révélée : {when}</translation>
    </message>
    <message>
        <source>AI seen before</source>
        <translation>IA vue avant</translation>
    </message>
    <message>
        <source>AI shown to a reader</source>
        <translation>IA montrée à un lecteur</translation>
    </message>
    <message>
        <source>ALL visits of this library</source>
        <translation>TOUTES les consultations de cette bibliothèque</translation>
    </message>
    <message>
        <source>AW acetowhite, P punctation, M mosaic, AV atypical vessels, I iodine negative, x biopsy; SCJ dashed</source>
        <translation>AW acétoblanc, P ponctuation, M mosaïque, AV vaisseaux atypiques, I iode négatif, x biopsie ; JPC en tirets</translation>
    </message>
    <message>
        <source>About</source>
        <comment>whom a line is about</comment>
        <translation>Concerne</translation>
    </message>
    <message>
        <source>About</source>
        <translation>À propos</translation>
    </message>
    <message>
        <source>About 65 of 100 women are learned from, 20 calibrate (at least 12 of a grade, or a third) and 15 are the locked test, for good.</source>
        <translation>Environ 65 patientes sur 100 serviront à l’apprentissage, 20 à l’étalonnage (au moins 12 d’un grade, ou un tiers) et 15 constitueront le test verrouillé, définitivement.</translation>
    </message>
    <message>
        <source>About a crash</source>
        <translation>À propos d’un plantage</translation>
    </message>
    <message>
        <source>About the patient with this ID</source>
        <translation>À propos de la patiente ayant cet identifiant</translation>
    </message>
    <message>
        <source>Absent</source>
        <translation>Absents</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>Compte</translation>
    </message>
    <message>
        <source>Acetic acid</source>
        <translation>Acide acétique</translation>
    </message>
    <message>
        <source>Acetic acid applied at</source>
        <translation>Heure d’application de l’acide acétique</translation>
    </message>
    <message>
        <source>Acetic acid applied: {when}</source>
        <translation>Acide acétique appliqué : {when}</translation>
    </message>
    <message>
        <source>Acetic acid is on: start the clock</source>
        <translation>Acide acétique appliqué : lancer le chronomètre</translation>
    </message>
    <message>
        <source>Acetic acid: start the clock</source>
        <translation>Acide acétique : lancer le chronomètre</translation>
    </message>
    <message>
        <source>Aceto uptake</source>
        <translation>Réaction à l’acide acétique</translation>
    </message>
    <message>
        <source>Acetowhite</source>
        <translation>Acétoblanc</translation>
    </message>
    <message>
        <source>Acid is on: start clock</source>
        <translation>Acide appliqué : lancer chrono</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Action</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>Actif</translation>
    </message>
    <message>
        <source>Add a lesion, and draw it</source>
        <translation>Ajouter une lésion et la dessiner</translation>
    </message>
    <message>
        <source>Add a person</source>
        <translation>Ajouter une personne</translation>
    </message>
    <message>
        <source>Add a person...</source>
        <translation>Ajouter une personne...</translation>
    </message>
    <message>
        <source>Add a step</source>
        <translation>Ajouter une étape</translation>
    </message>
    <message>
        <source>Add all the same</source>
        <translation>Ajouter quand même</translation>
    </message>
    <message>
        <source>Add endocervical sampling</source>
        <translation>Ajouter un prélèvement endocervical</translation>
    </message>
    <message>
        <source>Add excision</source>
        <translation>Ajouter une exérèse</translation>
    </message>
    <message>
        <source>Add folder...</source>
        <translation>Ajouter un dossier...</translation>
    </message>
    <message>
        <source>Add her and give the visit to her</source>
        <translation>L’ajouter et lui attribuer la consultation</translation>
    </message>
    <message>
        <source>Add lesion</source>
        <translation>Ajouter une lésion</translation>
    </message>
    <message>
        <source>Add light and lower the camera's gain (ISO), then retake.</source>
        <translation>Ajoutez de la lumière et baissez le gain (ISO) de la caméra, puis refaites l’image.</translation>
    </message>
    <message>
        <source>Add other specimen</source>
        <translation>Ajouter un autre prélèvement</translation>
    </message>
    <message>
        <source>Add patient</source>
        <translation>Ajouter la patiente</translation>
    </message>
    <message>
        <source>Add pictures</source>
        <translation>Ajouter des images</translation>
    </message>
    <message>
        <source>Add pictures ...</source>
        <translation>Ajouter des images ...</translation>
    </message>
    <message>
        <source>Add to this visit</source>
        <translation>Ajouter à cette consultation</translation>
    </message>
    <message>
        <source>Add zips or files...</source>
        <translation>Ajouter des ZIP ou fichiers...</translation>
    </message>
    <message>
        <source>Added</source>
        <translation>Ajoutée</translation>
    </message>
    <message>
        <source>Adding pictures</source>
        <translation>Ajout des images</translation>
    </message>
    <message>
        <source>Adjudicates</source>
        <translation>Arbitrage</translation>
    </message>
    <message>
        <source>Adjudicator: decides between readings, sees neither names nor findings</source>
        <translation>Arbitre : tranche entre les lectures, ne voit ni les noms ni les constatations</translation>
    </message>
    <message>
        <source>Administrator: keeps accounts, reads the audit trail, changes no visit</source>
        <translation>Administrateur : gère les comptes, lit la piste d’audit, ne modifie aucune consultation</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Après</translation>
    </message>
    <message>
        <source>After a cra&amp;sh...</source>
        <translation>Après un p&amp;lantage...</translation>
    </message>
    <message>
        <source>After a crash</source>
        <translation>Après un plantage</translation>
    </message>
    <message>
        <source>After a total hysterectomy there is no cervix: what is examined is the vaginal vault</source>
        <translation>Après une hystérectomie totale il n’y a pas de col : ce qui est examiné est le fond vaginal</translation>
    </message>
    <message>
        <source>After acetic acid</source>
        <translation>Après acide acétique</translation>
    </message>
    <message>
        <source>After the other picture of its pair (s)</source>
        <translation>Après l’autre image de sa paire (s)</translation>
    </message>
    <message>
        <source>Again</source>
        <translation>Répéter</translation>
    </message>
    <message>
        <source>Against the verdict, because: {reason}.</source>
        <translation>Contre le verdict, motif : {reason}.</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>Concordance</translation>
    </message>
    <message>
        <source>Agreement of the readers</source>
        <translation>Concordance des lecteurs</translation>
    </message>
    <message>
        <source>Aligned with the first</source>
        <translation>Alignée sur la première</translation>
    </message>
    <message>
        <source>Aligned with the first, {error}</source>
        <translation>Alignée sur la première, {error}</translation>
    </message>
    <message>
        <source>Aligned, estimated error {error}.</source>
        <translation>Alignée, erreur estimée {error}.</translation>
    </message>
    <message>
        <source>Aligning the earlier picture</source>
        <translation>Alignement de l’image antérieure</translation>
    </message>
    <message>
        <source>Aligning was stopped: the two are side by side, not aligned. Choose the picture again to align them.</source>
        <translation>L’alignement a été arrêté : les deux images sont côte à côte, non alignées. Choisissez de nouveau l’image pour les aligner.</translation>
    </message>
    <message>
        <source>Aligning {number} of {frames}</source>
        <translation>Alignement {number} sur {frames}</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Toutes</translation>
    </message>
    <message>
        <source>All as taken</source>
        <translation>Toutes telles que prises</translation>
    </message>
    <message>
        <source>All cases ({cases:,} of {women:,} women)</source>
        <translation>Tous les cas ({cases:,} de {women:,} patientes)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Tous les fichiers (*)</translation>
    </message>
    <message>
        <source>All keys</source>
        <translation>Toutes les touches</translation>
    </message>
    <message>
        <source>All of it</source>
        <translation>Image entière</translation>
    </message>
    <message>
        <source>All of it is in the clipboard.</source>
        <translation>Tout est dans le presse-papiers.</translation>
    </message>
    <message>
        <source>All pairs are decided</source>
        <translation>Toutes les paires sont arbitrées</translation>
    </message>
    <message>
        <source>All pairs are read</source>
        <translation>Toutes les paires sont lues</translation>
    </message>
    <message>
        <source>All pairs are read. Thank you.

Left goes back to them, T to the tasks.</source>
        <translation>Toutes les paires sont lues. Merci.

Gauche ramène aux paires, T aux tâches.</translation>
    </message>
    <message>
        <source>All readers (Fleiss)</source>
        <translation>Tous les lecteurs (Fleiss)</translation>
    </message>
    <message>
        <source>All steps are done</source>
        <translation>Toutes les étapes sont faites</translation>
    </message>
    <message>
        <source>All that is in the file</source>
        <translation>Tout ce que contient le fichier</translation>
    </message>
    <message>
        <source>All that the search for "{searched}" finds</source>
        <translation>Toutes celles que trouve la recherche « {searched} »</translation>
    </message>
    <message>
        <source>All that was found</source>
        <translation>Tout ce qui a été trouvé</translation>
    </message>
    <message>
        <source>All visits that are found have a label: change the search, or take them too</source>
        <translation>Toutes les consultations trouvées ont une étiquette : changez la recherche, ou prenez-les aussi</translation>
    </message>
    <message>
        <source>All were in sight.</source>
        <translation>Toutes ont été vues.</translation>
    </message>
    <message>
        <source>Allergies</source>
        <translation>Allergies</translation>
    </message>
    <message>
        <source>Allergy to iodine</source>
        <translation>Allergie à l’iode</translation>
    </message>
    <message>
        <source>Already in the library</source>
        <translation>Déjà dans la bibliothèque</translation>
    </message>
    <message>
        <source>Also before your grade, which is then one after AI. It goes on record.</source>
        <translation>Aussi avant votre grade, qui est alors postérieur à l’IA. C’est consigné.</translation>
    </message>
    <message>
        <source>Also what was added</source>
        <translation>Aussi ce qui a été ajouté</translation>
    </message>
    <message>
        <source>Alt+arrows</source>
        <translation>Alt+flèches</translation>
    </message>
    <message>
        <source>Altered</source>
        <translation>Altérée</translation>
    </message>
    <message>
        <source>Amend now</source>
        <translation>Rectifier maintenant</translation>
    </message>
    <message>
        <source>Amend...</source>
        <translation>Rectifier...</translation>
    </message>
    <message>
        <source>Amended by {who}: {reason}</source>
        <translation>Rectifié par {who} : {reason}</translation>
    </message>
    <message>
        <source>Amended colposcopy report</source>
        <translation>Compte rendu de colposcopie rectifié</translation>
    </message>
    <message>
        <source>Amended: takes the place of the report that {name} signed on {day}, which is kept. Opened again by {who} on {opened}: {reason}</source>
        <translation>Rectifié : remplace le compte rendu signé par {name} le {day}, qui est conservé. Rouvert par {who} le {opened} : {reason}</translation>
    </message>
    <message>
        <source>Amendment of a signed report</source>
        <translation>Rectification d’un compte rendu signé</translation>
    </message>
    <message>
        <source>An administrator of the library gives you a new password. If nobody can sign in any more, the recovery key that was printed when the library was made lets an administrator in.</source>
        <translation>Un administrateur de la bibliothèque vous donne un nouveau mot de passe. Si plus personne ne peut se connecter, la clé de récupération imprimée à la création de la bibliothèque permet à un administrateur d’entrer.</translation>
    </message>
    <message>
        <source>An import is under way. Stop it, or drop these again when it is done.</source>
        <translation>Une importation est en cours. Arrêtez-la, ou déposez ces fichiers de nouveau quand elle est terminée.</translation>
    </message>
    <message>
        <source>An unexpected error kept it from the library; it is in the log.</source>
        <translation>Entrée dans la bibliothèque empêchée par une erreur inattendue ; celle-ci est dans le journal.</translation>
    </message>
    <message numerus="yes">
        <source>And %n such note(s) more.</source>
        <translation>
            <numerusform>Et %n autre remarque de ce type.</numerusform>
            <numerusform>Et %n autres remarques de ce type.</numerusform>
        </translation>
    </message>
    <message>
        <source>Annotate</source>
        <translation>Annotation</translation>
    </message>
    <message>
        <source>Annotator: labels pictures, sees neither names nor findings</source>
        <translation>Annotateur : étiquette les images, ne voit ni les noms ni les constatations</translation>
    </message>
    <message>
        <source>Another impression is your second read.</source>
        <translation>Une autre impression est votre seconde lecture.</translation>
    </message>
    <message>
        <source>Another library...</source>
        <translation>Autre bibliothèque...</translation>
    </message>
    <message>
        <source>Another visit is chosen in the list; the pictures go to this one.</source>
        <translation>Une autre consultation est choisie dans la liste ; les images vont dans celle-ci.</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Réponse</translation>
    </message>
    <message>
        <source>Answer: none</source>
        <translation>Réponse : aucune</translation>
    </message>
    <message>
        <source>Answer: {grade}. {prediction_set}</source>
        <translation>Réponse : {grade}. {prediction_set}</translation>
    </message>
    <message>
        <source>Answered from {source} only.</source>
        <translation>Réponse fondée sur une seule source : {source}.</translation>
    </message>
    <message>
        <source>Anticoagulants</source>
        <translation>Anticoagulants</translation>
    </message>
    <message>
        <source>Anything else that matters before the examination</source>
        <translation>Autre point important avant l’examen</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Appliquer</translation>
    </message>
    <message>
        <source>Apply points</source>
        <translation>Appliquer les points</translation>
    </message>
    <message>
        <source>Apply to shift the picture only, or add a spot: two also turn and scale it.</source>
        <translation>Appliquez pour seulement déplacer l’image, ou ajoutez un point : deux permettent aussi de la tourner et de la mettre à l’échelle.</translation>
    </message>
    <message>
        <source>Apply to shift, turn and scale the picture, or add a spot away from the others.</source>
        <translation>Appliquez pour déplacer, tourner et mettre à l’échelle l’image, ou ajoutez un point éloigné des autres.</translation>
    </message>
    <message>
        <source>Apply, or add a fourth spot: only then can the fit be checked.</source>
        <translation>Appliquez, ou ajoutez un quatrième point : alors seulement l’ajustement peut être vérifié.</translation>
    </message>
    <message>
        <source>Apply, or add a spot.</source>
        <translation>Appliquez, ou ajoutez un point.</translation>
    </message>
    <message>
        <source>Apply, or add a spot: from six on the picture can bend as the tissue does.</source>
        <translation>Appliquez, ou ajoutez un point : à partir de six, l’image peut se déformer comme le tissu.</translation>
    </message>
    <message>
        <source>Apr</source>
        <translation>avr.</translation>
    </message>
    <message>
        <source>April</source>
        <translation>avril</translation>
    </message>
    <message>
        <source>Arrow keys or 0, 1, 2; Delete: not assessed</source>
        <translation>Flèches ou 0, 1, 2 ; Suppr : non évalué</translation>
    </message>
    <message>
        <source>Arrows, drag</source>
        <translation>Flèches, glisser</translation>
    </message>
    <message>
        <source>As drawn: {measures}</source>
        <translation>D’après le dessin : {measures}</translation>
    </message>
    <message>
        <source>As graded: high or cancer was given. At 85 % specificity: how well HSIL+ can be told apart, with a threshold for each model that nobody uses when grading. The interval of the calibration error lies high where cases are few.</source>
        <translation>Selon le grade attribué : haut grade ou cancer donné. À 85 % de spécificité : capacité à distinguer HSIL+, avec pour chaque modèle un seuil que personne n’utilise pour attribuer un grade. L’intervalle de l’erreur d’étalonnage se situe haut là où les cas sont peu nombreux.</translation>
    </message>
    <message>
        <source>As in Today: name, ID, date, impression; empty: all visits</source>
        <translation>Comme dans Aujourd’hui : nom, identifiant, date, impression ; vide : toutes les consultations</translation>
    </message>
    <message>
        <source>As it came with the program</source>
        <translation>Comme fourni avec le programme</translation>
    </message>
    <message>
        <source>As one signed file, for another clinic: the model, and nothing of any patient</source>
        <translation>En un fichier signé, pour un autre centre : le modèle, et rien d’aucune patiente</translation>
    </message>
    <message>
        <source>As recorded, not aligned</source>
        <translation>Telle qu’enregistrée, non alignée</translation>
    </message>
    <message>
        <source>As the computer</source>
        <translation>Comme l’ordinateur</translation>
    </message>
    <message>
        <source>Ask a clinician or an administrator of it.</source>
        <translation>Adressez-vous à un clinicien ou à un administrateur de la bibliothèque.</translation>
    </message>
    <message>
        <source>Ask about</source>
        <translation>Interroger sur</translation>
    </message>
    <message>
        <source>Ask for a new library once more</source>
        <translation>Redemandez une nouvelle bibliothèque</translation>
    </message>
    <message>
        <source>Ask for the tour once more</source>
        <translation>Redemandez la visite guidée</translation>
    </message>
    <message>
        <source>Ask her to hold still, and take the pair again.</source>
        <translation>Demandez à la patiente de ne pas bouger et refaites la paire.</translation>
    </message>
    <message>
        <source>Asked with {sources} ({cases:,})</source>
        <translation>Interrogé avec {sources} ({cases:,})</translation>
    </message>
    <message>
        <source>Asking the library what it has already ...</source>
        <translation>Recherche de ce que la bibliothèque contient déjà ...</translation>
    </message>
    <message>
        <source>Asking the model</source>
        <translation>Interrogation du modèle</translation>
    </message>
    <message>
        <source>Attention below this value is left clear.</source>
        <translation>L’attention au-dessous de cette valeur reste transparente.</translation>
    </message>
    <message>
        <source>Audit t&amp;rail</source>
        <translation>&amp;Piste d’audit</translation>
    </message>
    <message>
        <source>Audit trail</source>
        <translation>Piste d’audit</translation>
    </message>
    <message>
        <source>Aug</source>
        <translation>août</translation>
    </message>
    <message>
        <source>August</source>
        <translation>août</translation>
    </message>
    <message>
        <source>Automatic again</source>
        <translation>Retour à l’auto</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Retour</translation>
    </message>
    <message>
        <source>Back</source>
        <comment>to the step before</comment>
        <translation>Précédent</translation>
    </message>
    <message>
        <source>Back (Escape)</source>
        <translation>Retour (Échap)</translation>
    </message>
    <message>
        <source>Back to Models</source>
        <translation>Retour aux modèles</translation>
    </message>
    <message>
        <source>Back to Models (Escape)</source>
        <translation>Retour aux modèles (Échap)</translation>
    </message>
    <message>
        <source>Back to Settings</source>
        <translation>Retour aux réglages</translation>
    </message>
    <message>
        <source>Back to Settings (Escape)</source>
        <translation>Retour aux réglages (Échap)</translation>
    </message>
    <message>
        <source>Back to Today</source>
        <translation>Retour à Aujourd’hui</translation>
    </message>
    <message>
        <source>Back to Today (Escape)</source>
        <translation>Retour à Aujourd’hui (Échap)</translation>
    </message>
    <message>
        <source>Back to Today (Escape); the plan stays</source>
        <translation>Retour à Aujourd’hui (Échap) ; le protocole reste</translation>
    </message>
    <message>
        <source>Back to all</source>
        <translation>Retour à toutes</translation>
    </message>
    <message>
        <source>Back to default</source>
        <translation>Par défaut</translation>
    </message>
    <message>
        <source>Back to live</source>
        <translation>Retour au direct</translation>
    </message>
    <message>
        <source>Back to the choices</source>
        <translation>Retour aux choix</translation>
    </message>
    <message>
        <source>Back to the pair</source>
        <translation>Retour à la paire</translation>
    </message>
    <message>
        <source>Back to the pictures of this visit (Esc)</source>
        <translation>Retour aux images de cette consultation (Échap)</translation>
    </message>
    <message>
        <source>Back to the tasks</source>
        <translation>Retour aux tâches</translation>
    </message>
    <message>
        <source>Back to {visit}</source>
        <translation>Retour au {visit}</translation>
    </message>
    <message>
        <source>Back up and install</source>
        <translation>Sauvegarder et installer</translation>
    </message>
    <message>
        <source>Back up into a folder...</source>
        <translation>Sauvegarder dans un dossier...</translation>
    </message>
    <message>
        <source>Back up now</source>
        <translation>Sauvegarder maintenant</translation>
    </message>
    <message>
        <source>Back, without a change (Escape)</source>
        <translation>Retour, sans modification (Échap)</translation>
    </message>
    <message>
        <source>Backed up: {pictures}, {files} new.</source>
        <translation>Sauvegarde faite : {pictures} ; nouveau : {files}.</translation>
    </message>
    <message>
        <source>Backing up</source>
        <translation>Sauvegarde en cours</translation>
    </message>
    <message>
        <source>Backspace</source>
        <comment>key</comment>
        <translation>Retour arrière</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>Sauvegarde</translation>
    </message>
    <message>
        <source>Backups and checks are made by clinicians and administrators.</source>
        <translation>Les sauvegardes et les vérifications sont faites par les cliniciens et les administrateurs.</translation>
    </message>
    <message>
        <source>Bands of the Swede score</source>
        <translation>Tranches du score de Swede</translation>
    </message>
    <message>
        <source>Because of</source>
        <translation>En raison de</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Avant</translation>
    </message>
    <message>
        <source>Before acetic acid</source>
        <translation>Avant acide acétique</translation>
    </message>
    <message>
        <source>Before it was removed</source>
        <translation>Avant son retrait</translation>
    </message>
    <message>
        <source>Before: {before}, which answered then. New: {new}.</source>
        <translation>Avant : {before}, qui répondait alors. Nouveau : {new}.</translation>
    </message>
    <message>
        <source>Began</source>
        <translation>Début</translation>
    </message>
    <message>
        <source>Begin an examination without a patient</source>
        <translation>Commencer un examen sans patiente</translation>
    </message>
    <message>
        <source>Begin visit</source>
        <translation>Commencer la consultation</translation>
    </message>
    <message>
        <source>Begin without a patient</source>
        <translation>Commencer sans patiente</translation>
    </message>
    <message>
        <source>Begun</source>
        <translation>Début</translation>
    </message>
    <message>
        <source>Being aligned ...</source>
        <translation>Alignement en cours ...</translation>
    </message>
    <message>
        <source>Being registered ...</source>
        <translation>Recalage en cours ...</translation>
    </message>
    <message>
        <source>Beside the picture on the stage, aligned with it (Enter)</source>
        <translation>À côté de l’image de la zone d’image, alignée sur elle (Entrée)</translation>
    </message>
    <message>
        <source>Between two points</source>
        <translation>Entre deux points</translation>
    </message>
    <message>
        <source>Biopsies</source>
        <translation>Biopsies</translation>
    </message>
    <message>
        <source>Biopsy</source>
        <translation>Biopsie</translation>
    </message>
    <message>
        <source>Biopsy pins</source>
        <translation>Repères de biopsie</translation>
    </message>
    <message>
        <source>Biopsy, treatment, recall, referral</source>
        <translation>Biopsie, traitement, contrôle, adressage</translation>
    </message>
    <message>
        <source>Birth date</source>
        <translation>Date de naissance</translation>
    </message>
    <message>
        <source>Black margin of every picture</source>
        <translation>Marge noire de chaque image</translation>
    </message>
    <message>
        <source>Blend</source>
        <translation>Fondu</translation>
    </message>
    <message>
        <source>Blend: white light on the left, fluorescence on the right ([ and ])</source>
        <translation>Fondu : lumière blanche à gauche, fluorescence à droite ([ et ])</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>Née le</translation>
    </message>
    <message>
        <source>Both models grade all cases of the locked test alike.</source>
        <translation>Les deux modèles attribuent le même grade à tous les cas du test verrouillé.</translation>
    </message>
    <message>
        <source>Both sources: they are read as a pair.</source>
        <translation>Les deux sources : elles sont lues comme une paire.</translation>
    </message>
    <message>
        <source>Both together</source>
        <translation>Les deux ensemble</translation>
    </message>
    <message>
        <source>Brightness, contrast and filter ...</source>
        <translation>Luminosité, contraste et filtre ...</translation>
    </message>
    <message>
        <source>Brightness, contrast and filter of each picture, for looking only (Ctrl+B); G: green filter</source>
        <translation>Luminosité, contraste et filtre de chaque image, pour regarder seulement (Ctrl+B) ; G : filtre vert</translation>
    </message>
    <message>
        <source>Bring a model file</source>
        <translation>Importer un fichier de modèle</translation>
    </message>
    <message>
        <source>Bring a model file...</source>
        <translation>Importer un fichier de modèle...</translation>
    </message>
    <message>
        <source>Bring in pictures of this folder</source>
        <translation>Importer des images de ce dossier</translation>
    </message>
    <message>
        <source>Bring in zips or files</source>
        <translation>Importer des zips ou des fichiers</translation>
    </message>
    <message>
        <source>Bring it in</source>
        <translation>L’importer</translation>
    </message>
    <message>
        <source>Bring the os into the middle of the picture, then retake.</source>
        <translation>Amenez l’orifice au milieu de l’image, puis refaites-la.</translation>
    </message>
    <message>
        <source>Bring the whole cervix into view and into the light, then retake.</source>
        <translation>Amenez tout le col dans le champ et dans la lumière, puis refaites l’image.</translation>
    </message>
    <message>
        <source>Bringing a model</source>
        <translation>Importation d’un modèle</translation>
    </message>
    <message>
        <source>Bringing a model in</source>
        <translation>Importation d’un modèle</translation>
    </message>
    <message>
        <source>Bringing in pictures</source>
        <translation>Importation d’images</translation>
    </message>
    <message>
        <source>Bringing in the pictures</source>
        <translation>Importation des images</translation>
    </message>
    <message>
        <source>Bringing it in ...</source>
        <translation>Importation en cours ...</translation>
    </message>
    <message>
        <source>Brown</source>
        <translation>Brune</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>Pinceau</translation>
    </message>
    <message>
        <source>By</source>
        <comment>a person</comment>
        <translation>Par</translation>
    </message>
    <message>
        <source>By hand</source>
        <translation>À la main</translation>
    </message>
    <message>
        <source>By two points, {apart:.0f} pixels apart.</source>
        <translation>Par deux points, distants de {apart:.0f} pixels.</translation>
    </message>
    <message>
        <source>By whom: part of a name</source>
        <translation>Par qui : partie d’un nom</translation>
    </message>
    <message>
        <source>CIN2 or CIN3</source>
        <translation>CIN2 ou CIN3</translation>
    </message>
    <message>
        <source>CIN2+ seen as high</source>
        <translation>CIN2+ vus comme haut grade</translation>
    </message>
    <message>
        <source>CIN3 or cancer</source>
        <translation>CIN3 ou cancer</translation>
    </message>
    <message>
        <source>CMYK converted to RGB</source>
        <translation>CMJN converti en RVB</translation>
    </message>
    <message>
        <source>CSV (*.csv)</source>
        <translation>CSV (*.csv)</translation>
    </message>
    <message>
        <source>Ca&amp;pture</source>
        <translation>Ac&amp;quisition</translation>
    </message>
    <message>
        <source>Calibrate the scale ...</source>
        <translation>Étalonner l’échelle ...</translation>
    </message>
    <message>
        <source>Calibrated probabilities.</source>
        <translation>Probabilités étalonnées.</translation>
    </message>
    <message>
        <source>Calibration error (low is good)</source>
        <translation>Erreur d’étalonnage (faible = bien)</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Caméra</translation>
    </message>
    <message>
        <source>Canal opened by</source>
        <translation>Canal ouvert par</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Cancel {job}</source>
        <translation>Annuler {job}</translation>
    </message>
    <message>
        <source>Cancer</source>
        <comment>grade</comment>
        <translation>Cancer</translation>
    </message>
    <message>
        <source>Cannot be graded</source>
        <translation>Grade impossible</translation>
    </message>
    <message>
        <source>Cannot be graded ...</source>
        <translation>Grade impossible ...</translation>
    </message>
    <message>
        <source>Cannot be graded, with a reason</source>
        <translation>Grade impossible, avec un motif</translation>
    </message>
    <message>
        <source>Cannot be graded: {reason}</source>
        <translation>Grade impossible : {reason}</translation>
    </message>
    <message>
        <source>Cannot be read: {why}</source>
        <translation>Illisible : {why}</translation>
    </message>
    <message>
        <source>Cannot be switched here: the library is open for reading only, and the switch must go on record.</source>
        <translation>Changement impossible ici : la bibliothèque est ouverte en lecture seule, et le changement doit être consigné.</translation>
    </message>
    <message>
        <source>Capture</source>
        <translation>Acquisition</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>Cas</translation>
    </message>
    <message>
        <source>Cases by grade</source>
        <translation>Cas par grade</translation>
    </message>
    <message>
        <source>Cases of this library</source>
        <translation>Cas de cette bibliothèque</translation>
    </message>
    <message>
        <source>Cases that are graded differently</source>
        <translation>Cas au grade différent</translation>
    </message>
    <message>
        <source>Cases that the figures are of</source>
        <translation>Cas auxquels se rapportent les chiffres</translation>
    </message>
    <message>
        <source>Centring</source>
        <translation>Centrage</translation>
    </message>
    <message>
        <source>Cervix</source>
        <translation>Col</translation>
    </message>
    <message>
        <source>Cervix tool</source>
        <translation>Outil col</translation>
    </message>
    <message>
        <source>Change ...</source>
        <translation>Modifier ...</translation>
    </message>
    <message>
        <source>Change keys</source>
        <translation>Modifier les touches</translation>
    </message>
    <message>
        <source>Change my impression
from {own} to {grade}</source>
        <translation>Changer mon impression
de {own} à {grade}</translation>
    </message>
    <message>
        <source>Change my password...</source>
        <translation>Modifier mon mot de passe...</translation>
    </message>
    <message>
        <source>Change...</source>
        <translation>Modifier...</translation>
    </message>
    <message>
        <source>Changes, with removals</source>
        <translation>Modifications, suppressions comprises</translation>
    </message>
    <message>
        <source>Check of this computer</source>
        <translation>Contrôle de cet ordinateur</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit and are as the camera took them, neither cut nor squeezed; if so, place four points by hand.</source>
        <translation>Vérifiez que les deux images montrent la même patiente à cette consultation et sont telles que la caméra les a prises, ni rognées ni déformées ; si oui, placez quatre points à la main.</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit. If they do, place four or more points again, on spots that are sharp in both. The pictures can be looked at together meanwhile.</source>
        <translation>Vérifiez que les deux images montrent la même patiente à cette consultation. Si oui, placez de nouveau quatre points ou plus, à des endroits nets sur les deux. Entre-temps, les images peuvent être regardées ensemble.</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit: they have too few structures to compare.</source>
        <translation>Vérifiez que les deux images montrent la même patiente à cette consultation : elles ont trop peu de structures à comparer.</translation>
    </message>
    <message>
        <source>Check that both pictures show the same woman at this visit; if they do, place four points by hand.</source>
        <translation>Vérifiez que les deux images montrent la même patiente à cette consultation ; si oui, placez quatre points à la main.</translation>
    </message>
    <message>
        <source>Check the trail</source>
        <translation>Vérifier la piste</translation>
    </message>
    <message>
        <source>Check the trail, and look for this line in a backup.</source>
        <translation>Vérifiez la piste, et cherchez cette ligne dans une sauvegarde.</translation>
    </message>
    <message>
        <source>Check this &amp;computer...</source>
        <translation>&amp;Contrôler cet ordinateur...</translation>
    </message>
    <message>
        <source>Check this library</source>
        <translation>Vérifier cette bibliothèque</translation>
    </message>
    <message>
        <source>Check weights</source>
        <translation>Vérifier les poids</translation>
    </message>
    <message>
        <source>Check: aligned only in part, {error}</source>
        <translation>À vérifier : alignée en partie seulement, {error}</translation>
    </message>
    <message>
        <source>Checked: the weights are what model.toml promises, and {seal}.</source>
        <translation>Vérifié : les poids sont ceux que promet model.toml, et {seal}.</translation>
    </message>
    <message>
        <source>Checker</source>
        <translation>Damier</translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>Damier</translation>
    </message>
    <message>
        <source>Checking a model file</source>
        <translation>Vérification d’un fichier de modèle</translation>
    </message>
    <message>
        <source>Checking and reading the pair</source>
        <translation>Vérification et lecture de la paire</translation>
    </message>
    <message>
        <source>Checking clips</source>
        <translation>Vérification des clips</translation>
    </message>
    <message>
        <source>Checking pictures</source>
        <translation>Vérification des images</translation>
    </message>
    <message>
        <source>Checking quality</source>
        <translation>Vérification de la qualité</translation>
    </message>
    <message>
        <source>Checking the audit trail</source>
        <translation>Vérification de la piste d’audit</translation>
    </message>
    <message>
        <source>Checking the clips of the backup</source>
        <translation>Vérification des clips de la sauvegarde</translation>
    </message>
    <message>
        <source>Checking the copy</source>
        <translation>Vérification de la copie</translation>
    </message>
    <message>
        <source>Checking the copy of the database</source>
        <translation>Vérification de la copie de la base de données</translation>
    </message>
    <message>
        <source>Checking the database</source>
        <translation>Vérification de la base de données</translation>
    </message>
    <message>
        <source>Checking the export</source>
        <translation>Vérification de l’export</translation>
    </message>
    <message>
        <source>Checking the file ...</source>
        <translation>Vérification du fichier ...</translation>
    </message>
    <message>
        <source>Checking the library</source>
        <translation>Vérification de la bibliothèque</translation>
    </message>
    <message>
        <source>Checking the model</source>
        <translation>Vérification du modèle</translation>
    </message>
    <message>
        <source>Checking the pictures of the backup</source>
        <translation>Vérification des images de la sauvegarde</translation>
    </message>
    <message>
        <source>Checking the update file</source>
        <translation>Vérification du fichier de mise à jour</translation>
    </message>
    <message>
        <source>Checking the weights</source>
        <translation>Vérification des poids</translation>
    </message>
    <message>
        <source>Checking the weights...</source>
        <translation>Vérification des poids...</translation>
    </message>
    <message>
        <source>Checking the whole trail ...</source>
        <translation>Vérification de toute la piste ...</translation>
    </message>
    <message>
        <source>Checking what was made of the pictures</source>
        <translation>Vérification de ce qui a été tiré des images</translation>
    </message>
    <message>
        <source>Checking what was made of them</source>
        <translation>Vérification de ce qui en a été tiré</translation>
    </message>
    <message>
        <source>Checking {name}</source>
        <translation>Vérification de {name}</translation>
    </message>
    <message>
        <source>Checking...</source>
        <translation>Vérification...</translation>
    </message>
    <message>
        <source>Choice of the site</source>
        <translation>Choix du centre</translation>
    </message>
    <message>
        <source>Choose ...</source>
        <translation>Choisir ...</translation>
    </message>
    <message>
        <source>Choose a camera, or write its address.</source>
        <translation>Choisissez une caméra, ou écrivez son adresse.</translation>
    </message>
    <message>
        <source>Choose a folder...</source>
        <translation>Choisir un dossier...</translation>
    </message>
    <message>
        <source>Choose a grade.</source>
        <translation>Choisissez un grade.</translation>
    </message>
    <message>
        <source>Choose a larger resolution of the camera.</source>
        <translation>Choisissez une plus grande résolution de la caméra.</translation>
    </message>
    <message>
        <source>Choose a model for these pictures, or pictures for this model.</source>
        <translation>Choisissez un modèle pour ces images, ou des images pour ce modèle.</translation>
    </message>
    <message>
        <source>Choose a row to see what is known of it, and why.</source>
        <translation>Choisissez une ligne pour voir ce qui en est connu, et pourquoi.</translation>
    </message>
    <message>
        <source>Choose a row: its result is entered here.</source>
        <translation>Choisissez une ligne : son résultat se saisit ici.</translation>
    </message>
    <message>
        <source>Choose a second camera that is another one than the first.</source>
        <translation>Choisissez une seconde caméra, autre que la première.</translation>
    </message>
    <message>
        <source>Choose a visit on Today first.</source>
        <translation>Choisissez d’abord une consultation dans Aujourd’hui.</translation>
    </message>
    <message>
        <source>Choose a woman in the list first.</source>
        <translation>Choisissez d’abord une patiente dans la liste.</translation>
    </message>
    <message>
        <source>Choose an impression first (Findings).</source>
        <translation>Choisissez d’abord une impression (Signes).</translation>
    </message>
    <message>
        <source>Choose another resolution of the camera.</source>
        <translation>Choisissez une autre résolution de la caméra.</translation>
    </message>
    <message>
        <source>Choose files...</source>
        <translation>Choisir des fichiers...</translation>
    </message>
    <message>
        <source>Choose folders, zips or picture files, or drop them here. They are looked at first: whose they are, when they were taken, what they show. Nothing is brought in before you have seen it, and nothing is changed where it lies.</source>
        <translation>Choisissez des dossiers, des ZIP ou des fichiers d’image, ou déposez-les ici. Ils sont d’abord examinés : à quelle patiente ils appartiennent, leur date, ce qu’ils montrent. Rien n’est importé avant votre vérification, et les originaux ne sont pas modifiés.</translation>
    </message>
    <message>
        <source>Choose her in Today, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation>Choisissez la patiente dans Aujourd’hui, ou commencez maintenant : la consultation est alors non attribuée, et lui est attribuée avant d’être signée.</translation>
    </message>
    <message>
        <source>Choose in Today</source>
        <translation>Choisir dans Aujourd’hui</translation>
    </message>
    <message>
        <source>Choose one or two pictures and press Enter to put them on the stage, Delete to remove them. Enter on a clip plays it.</source>
        <translation>Choisissez une ou deux images et appuyez sur Entrée pour les mettre dans la zone d’image, sur Suppr pour les retirer. Entrée sur un clip le lit.</translation>
    </message>
    <message>
        <source>Choose or drop picture files.</source>
        <translation>Choisissez ou déposez des fichiers d’image.</translation>
    </message>
    <message>
        <source>Choose picture files</source>
        <translation>Choisir des fichiers d’image</translation>
    </message>
    <message>
        <source>Choose picture files, or drop them here</source>
        <translation>Choisissez des fichiers d’image, ou déposez-les ici</translation>
    </message>
    <message>
        <source>Choose the Lugol's iodine picture that belongs to this white-light picture.</source>
        <translation>Choisissez l’image au lugol qui correspond à cette image en lumière blanche.</translation>
    </message>
    <message>
        <source>Choose the fluorescence picture that belongs to this white-light picture.</source>
        <translation>Choisissez l’image en fluorescence qui correspond à cette image en lumière blanche.</translation>
    </message>
    <message>
        <source>Choose the folder into which the device saves.</source>
        <translation>Choisissez le dossier dans lequel l’appareil enregistre.</translation>
    </message>
    <message>
        <source>Choose the green filter picture that belongs to this white-light picture.</source>
        <translation>Choisissez l’image au filtre vert qui correspond à cette image en lumière blanche.</translation>
    </message>
    <message>
        <source>Choose the pictures in the filmstrip first: a click, or Shift and the arrows.</source>
        <translation>Choisissez d’abord les images dans la bande d’images : un clic, ou Shift et les flèches.</translation>
    </message>
    <message>
        <source>Choose the pin before or after, then what is drawn; in the player: the picture before or after</source>
        <translation>Choisir le repère précédent ou suivant, puis ce qui est dessiné ; dans le lecteur de séquence : l’image précédente ou suivante</translation>
    </message>
    <message>
        <source>Choose the port of the lamp.</source>
        <translation>Choisissez le port de la lampe.</translation>
    </message>
    <message>
        <source>Choose the white-light picture that belongs to this fluorescence picture.</source>
        <translation>Choisissez l’image en lumière blanche qui correspond à cette image en fluorescence.</translation>
    </message>
    <message>
        <source>Choose where it is to go first.</source>
        <translation>Choisissez d’abord la destination.</translation>
    </message>
    <message>
        <source>Chosen by the camera itself</source>
        <translation>Choisi par la caméra elle-même</translation>
    </message>
    <message>
        <source>Chosen folders, zips and files</source>
        <translation>Dossiers, zips et fichiers choisis</translation>
    </message>
    <message>
        <source>Circumference</source>
        <translation>Circonférence</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Effacer</translation>
    </message>
    <message>
        <source>Clear filters</source>
        <translation>Effacer les filtres</translation>
    </message>
    <message>
        <source>Clear the impression</source>
        <translation>Effacer l’impression</translation>
    </message>
    <message>
        <source>Clear the search: all visits again</source>
        <translation>Effacer la recherche : de nouveau toutes les consultations</translation>
    </message>
    <message>
        <source>Click a spot that you recognise in both pictures, then the same spot in the other.</source>
        <translation>Cliquez sur un point que vous reconnaissez dans les deux images, puis sur le même point dans l’autre.</translation>
    </message>
    <message>
        <source>Click on the cervix, or draw round a place, to see how it whitened.</source>
        <translation>Cliquez sur le col, ou entourez un endroit, pour voir comment il a blanchi.</translation>
    </message>
    <message>
        <source>Click the external os: the centre of the clock</source>
        <translation>Cliquez sur l’orifice externe : le centre du cadran</translation>
    </message>
    <message>
        <source>Click the page to try it; {help.tour} comes back here. Escape ends the tour.</source>
        <translation>Cliquez sur la page pour l’essayer ; {help.tour} ramène ici. Échap met fin à la visite guidée.</translation>
    </message>
    <message>
        <source>Click to open the visit</source>
        <translation>Cliquer pour ouvrir la consultation</translation>
    </message>
    <message>
        <source>Click to place a biopsy pin, drag one to move it</source>
        <translation>Cliquer pour placer un repère de biopsie, glisser un repère pour le déplacer</translation>
    </message>
    <message>
        <source>Clinician: sees names, examines, reads, signs</source>
        <translation>Clinicien : voit les noms, examine, lit, signe</translation>
    </message>
    <message>
        <source>Clip</source>
        <translation>Clip</translation>
    </message>
    <message>
        <source>Clip (internal number)</source>
        <translation>Clip (numéro interne)</translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library, with the visit before.</source>
        <translation>Le clip de {seconds:.0f} s est dans la bibliothèque, avec la consultation précédente.</translation>
    </message>
    <message>
        <source>Clip of {seconds:.0f} s is in the library.</source>
        <translation>Le clip de {seconds:.0f} s est dans la bibliothèque.</translation>
    </message>
    <message>
        <source>Clip, picture {place} of {count}</source>
        <translation>Clip, image {place} sur {count}</translation>
    </message>
    <message>
        <source>Clips</source>
        <translation>Clips</translation>
    </message>
    <message>
        <source>Clips of this visit</source>
        <translation>Clips de cette consultation</translation>
    </message>
    <message>
        <source>Clips of this visit, or back to the live picture</source>
        <translation>Clips de cette consultation, ou retour à l’image en direct</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Fermer</translation>
    </message>
    <message>
        <source>Close message</source>
        <translation>Fermer le message</translation>
    </message>
    <message>
        <source>Close once more</source>
        <translation>Fermez de nouveau</translation>
    </message>
    <message>
        <source>Close the corners of a lesion</source>
        <translation>Fermer le contour d’une lésion</translation>
    </message>
    <message>
        <source>Close the guide</source>
        <translation>Fermer le guide</translation>
    </message>
    <message>
        <source>Close the task</source>
        <translation>Fermer la tâche</translation>
    </message>
    <message>
        <source>Close this form first (Esc): undo is of the examination behind it.</source>
        <translation>Fermez d’abord ce formulaire (Échap) : l’annulation concerne l’examen qui est derrière.</translation>
    </message>
    <message>
        <source>Close without it</source>
        <translation>Fermer sans cela</translation>
    </message>
    <message>
        <source>Closed</source>
        <translation>Fermée</translation>
    </message>
    <message>
        <source>Closing words may name {fields}.</source>
        <translation>Le texte final peut contenir {fields}.</translation>
    </message>
    <message>
        <source>Closing words of reports</source>
        <translation>Texte final des comptes rendus</translation>
    </message>
    <message>
        <source>Closing: waiting for running work to stop. Close again to leave at once.</source>
        <translation>Fermeture : attente de l’arrêt des tâches en cours. Fermez de nouveau pour quitter immédiatement.</translation>
    </message>
    <message>
        <source>Coarse or atypical vessels</source>
        <translation>Grossiers ou atypiques</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Couleur</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Couleurs</translation>
    </message>
    <message>
        <source>Colours of the model attention</source>
        <translation>Couleurs de l’attention du modèle</translation>
    </message>
    <message>
        <source>Colposcopy in DICOM</source>
        <translation>Colposcopie en DICOM</translation>
    </message>
    <message>
        <source>Colposcopy report</source>
        <translation>Compte rendu de colposcopie</translation>
    </message>
    <message>
        <source>Compare on the locked test</source>
        <translation>Comparer sur le test verrouillé</translation>
    </message>
    <message>
        <source>Compare visits ...</source>
        <translation>Comparer ...</translation>
    </message>
    <message>
        <source>Compare with
{visit}'s picture</source>
        <translation>Comparer avec
l’image ({visit})</translation>
    </message>
    <message>
        <source>Compare with an earlier visit ...</source>
        <translation>Comparer avec une consultation antérieure ...</translation>
    </message>
    <message>
        <source>Compare with {visit}'s picture</source>
        <translation>Comparer avec l’image ({visit})</translation>
    </message>
    <message>
        <source>Compared on the locked test; it is to answer</source>
        <translation>Comparé sur le test verrouillé ; il doit répondre</translation>
    </message>
    <message>
        <source>Comparing pictures</source>
        <translation>Comparaison des images</translation>
    </message>
    <message>
        <source>Comparing the records with the audit trail</source>
        <translation>Comparaison des données avec la piste d’audit</translation>
    </message>
    <message>
        <source>Comparing two models</source>
        <translation>Comparaison de deux modèles</translation>
    </message>
    <message>
        <source>Comparing {source} pictures that may be the same</source>
        <translation>Comparaison d’images ({source}) peut-être identiques</translation>
    </message>
    <message>
        <source>Complete: nothing is missing</source>
        <translation>Complet : il ne manque rien</translation>
    </message>
    <message>
        <source>Comprehensive set, also missing: {titles}.</source>
        <translation>Données étendues, il manque aussi : {titles}.</translation>
    </message>
    <message>
        <source>Comprehensive set: complete.</source>
        <translation>Données étendues : complètes.</translation>
    </message>
    <message>
        <source>Confirm a&amp;ll</source>
        <translation>T&amp;out confirmer</translation>
    </message>
    <message>
        <source>Confirm: press again</source>
        <translation>Confirmer : appuyer de nouveau</translation>
    </message>
    <message>
        <source>Confirmed: {what}. Undo takes it back.</source>
        <translation>Confirmé : {what}. Annuler revient en arrière.</translation>
    </message>
    <message>
        <source>Consent</source>
        <translation>Consentement</translation>
    </message>
    <message>
        <source>Consent was not given</source>
        <translation>Le consentement n’a pas été donné</translation>
    </message>
    <message>
        <source>Content</source>
        <translation>Contenu</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>Sommaire</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: brush</source>
        <translation>Contour de la lésion choisie : pinceau</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: eraser</source>
        <translation>Contour de la lésion choisie : gomme</translation>
    </message>
    <message>
        <source>Contour of the chosen lesion: outline tool</source>
        <translation>Contour de la lésion choisie : outil de tracé</translation>
    </message>
    <message>
        <source>Contour only</source>
        <translation>Contour seul</translation>
    </message>
    <message>
        <source>Contours and SCJ line are hidden ({key})</source>
        <translation>Les contours et la ligne de la JPC sont masqués ({key})</translation>
    </message>
    <message>
        <source>Contraception</source>
        <translation>Contraception</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>Tout copier</translation>
    </message>
    <message>
        <source>Copying</source>
        <translation>Copie</translation>
    </message>
    <message>
        <source>Copying the database</source>
        <translation>Copie de la base de données</translation>
    </message>
    <message>
        <source>Corner of a lesion</source>
        <translation>Sommet d’une lésion</translation>
    </message>
    <message>
        <source>Counting ...</source>
        <translation>Comptage ...</translation>
    </message>
    <message>
        <source>Counting the cases ...</source>
        <translation>Comptage des cas ...</translation>
    </message>
    <message>
        <source>Cover words again</source>
        <translation>Recouvrir les mots</translation>
    </message>
    <message>
        <source>Covered: blood, mucus, instrument</source>
        <translation>Couvert : sang, mucus, instrument</translation>
    </message>
    <message>
        <source>Ctrl+Shift+R. It is put on record and cannot be taken back.</source>
        <translation>Ctrl+Shift+R. C’est consigné et ne peut pas être annulé.</translation>
    </message>
    <message>
        <source>Ctrl+Shift+{number}; undo takes it back</source>
        <translation>Ctrl+Shift+{number} ; annuler revient en arrière</translation>
    </message>
    <message>
        <source>Cytology (Bethesda)</source>
        <translation>Cytologie (Bethesda)</translation>
    </message>
    <message>
        <source>Cytology of</source>
        <translation>Cytologie du</translation>
    </message>
    <message>
        <source>DICOM WITH names: archive, another clinic</source>
        <translation>DICOM AVEC noms : archives, autre centre</translation>
    </message>
    <message>
        <source>DICOM is not read here</source>
        <translation>DICOM n’est pas lu ici</translation>
    </message>
    <message>
        <source>DICOM of a kind that is not known</source>
        <translation>DICOM d’un type inconnu</translation>
    </message>
    <message>
        <source>DICOM with names goes out as it is: there is nothing to look at first.</source>
        <translation>Le DICOM avec noms sort tel quel : il n’y a rien à examiner avant.</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Sombre</translation>
    </message>
    <message>
        <source>Dark frame taken. It is subtracted from fluorescence pictures from now on.</source>
        <translation>Image noire prise. Elle est désormais soustraite des images en fluorescence.</translation>
    </message>
    <message>
        <source>Dashes: while learning. {done} of {all} epochs done.</source>
        <translation>Tirets : pendant l’apprentissage. Époques faites : {done} sur {all}.</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>Date</translation>
    </message>
    <message>
        <source>Day</source>
        <translation>Jour</translation>
    </message>
    <message>
        <source>Day of the report, 14 Mar 2026</source>
        <translation>p. ex. 14 mars 2026</translation>
    </message>
    <message>
        <source>Dec</source>
        <translation>déc.</translation>
    </message>
    <message>
        <source>December</source>
        <translation>décembre</translation>
    </message>
    <message>
        <source>Decide between readers</source>
        <translation>Arbitrer entre lecteurs</translation>
    </message>
    <message>
        <source>Decide: pair {number:,} of {pairs:,}</source>
        <translation>Arbitrage : paire {number:,} sur {pairs:,}</translation>
    </message>
    <message>
        <source>Deciduosis, and she is not known to be pregnant</source>
        <translation>Déciduose, et aucune grossesse connue</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>Décision</translation>
    </message>
    <message>
        <source>Decision of {reader}</source>
        <translation>Décision de {reader}</translation>
    </message>
    <message>
        <source>Delete</source>
        <comment>key</comment>
        <translation>Suppr</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Supprimer</translation>
    </message>
    <message>
        <source>Delete pin {letter}</source>
        <translation>Supprimer le repère {letter}</translation>
    </message>
    <message>
        <source>Delete {specimen}</source>
        <translation>Supprimer {specimen}</translation>
    </message>
    <message>
        <source>Demo library</source>
        <translation>Bibliothèque de démonstration</translation>
    </message>
    <message>
        <source>Demo library - phantoms, no real women</source>
        <translation>Bibliothèque de démonstration – fantômes, aucune patiente réelle</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Appareil</translation>
    </message>
    <message>
        <source>Device of this workstation</source>
        <translation>Appareil de ce poste de travail</translation>
    </message>
    <message>
        <source>Device of this workstation ...</source>
        <translation>Appareil de ce poste de travail ...</translation>
    </message>
    <message>
        <source>Device {device} ({cases:,})</source>
        <translation>Appareil {device} ({cases:,})</translation>
    </message>
    <message>
        <source>Devices: {devices}.</source>
        <translation>Appareils : {devices}.</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation>Diagnostic</translation>
    </message>
    <message>
        <source>Diagram</source>
        <translation>Schéma</translation>
    </message>
    <message>
        <source>Diagram of the cervix</source>
        <translation>Schéma du col</translation>
    </message>
    <message>
        <source>Difference (95 %)</source>
        <translation>Différence (95 %)</translation>
    </message>
    <message>
        <source>Dimmed: not seen by the engine.</source>
        <translation>Assombri : non vu par le moteur.</translation>
    </message>
    <message>
        <source>Discussed on</source>
        <translation>Discuté le</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>Affichage</translation>
    </message>
    <message>
        <source>Distance from what the model learned from</source>
        <translation>Écart par rapport à ce dont le modèle a appris</translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not checked when this answer was made.</source>
        <translation>Écart par rapport à ce dont le modèle a appris : non vérifié lors de cette réponse.</translation>
    </message>
    <message>
        <source>Distance from what the model learned from: not known, this model keeps no measure of it.</source>
        <translation>Écart par rapport à ce dont le modèle a appris : inconnu, ce modèle n’en garde aucune mesure.</translation>
    </message>
    <message>
        <source>Distinct, stearin-like</source>
        <translation>Nette, aspect de stéarine</translation>
    </message>
    <message>
        <source>Distinctly yellow</source>
        <translation>Jaune franc</translation>
    </message>
    <message>
        <source>Do it</source>
        <translation>Valider</translation>
    </message>
    <message>
        <source>Do not rely on grade or model attention (see AI).</source>
        <translation>Ne pas se fier au grade ni à l’attention du modèle (voir IA).</translation>
    </message>
    <message>
        <source>Do not rely on the AI answer and the model attention in this report.</source>
        <translation>Ne pas se fier à la réponse de l’IA ni à l’attention du modèle dans ce compte rendu.</translation>
    </message>
    <message>
        <source>Do not rely on this answer.</source>
        <translation>Ne pas se fier à cette réponse.</translation>
    </message>
    <message>
        <source>Do not rely on this grade.</source>
        <translation>Ne pas se fier à ce grade.</translation>
    </message>
    <message>
        <source>Doing again: {step}</source>
        <translation>Rétablissement : {step}</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Terminé</translation>
    </message>
    <message>
        <source>Done again: {step}</source>
        <translation>Rétabli : {step}</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>Descendre</translation>
    </message>
    <message>
        <source>Dr. Given Family</source>
        <translation>Dr Prénom Nom</translation>
    </message>
    <message>
        <source>Drag a box over what names somebody (keys: arrows, Space, arrows, Space). Dashed: words that the program found; W goes to them, Delete lays wrong ones bare. Z: one to one. Page Down: the next picture. Escape: back.</source>
        <translation>Glissez un cadre sur ce qui nomme quelqu’un (touches : flèches, Espace, flèches, Espace). En tirets : mots trouvés par le programme ; W y mène, Suppr découvre ceux trouvés à tort. Z : un pour un. Page suiv. : image suivante. Échap : retour.</translation>
    </message>
    <message>
        <source>Drag around a lesion, or click its corners</source>
        <translation>Glissez autour d’une lésion, ou cliquez sur ses sommets</translation>
    </message>
    <message>
        <source>Drag the pictures, or a pin to move it</source>
        <translation>Glisser les images, ou un repère pour le déplacer</translation>
    </message>
    <message>
        <source>Drag to draw a box. Or arrows move the cross, Space sets one corner and then the other, Delete takes the last box away, W goes to words that were found, where Delete lays them bare and Control Z covers them again, N shows the next picture with words, Z shows one to one, Page Down shows the next picture, Escape goes back.</source>
        <translation>Glissez pour dessiner un cadre. Ou bien : les flèches déplacent la croix, Espace pose un coin puis l’autre, Suppr retire le dernier cadre, W mène aux mots trouvés, où Suppr les découvre et Ctrl Z les recouvre, N affiche l’image suivante contenant des mots, Z affiche un pour un, Page suiv. affiche l’image suivante, Échap revient.</translation>
    </message>
    <message>
        <source>Drag, or arrow keys; Home and End: the first and the last</source>
        <translation>Glisser, ou flèches ; Début et Fin : la première et la dernière</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>Dessiner</translation>
    </message>
    <message>
        <source>Draw a lesion, or the next: drag, or click its corners</source>
        <translation>Dessiner une lésion, ou la suivante : glissez, ou cliquez sur ses sommets</translation>
    </message>
    <message>
        <source>Draw around the cervix in one stroke, where it was not found right; Q shows it</source>
        <translation>Entourez le col d’un seul trait, là où il n’a pas été bien trouvé ; Q l’affiche</translation>
    </message>
    <message>
        <source>Draw contours of the chosen lesion (D: outline, B: brush, E: eraser) and the SCJ line (J)</source>
        <translation>Dessiner les contours de la lésion choisie (D : tracé, B : pinceau, E : gomme) et la ligne de la JPC (J)</translation>
    </message>
    <message>
        <source>Draw the cervix as the program found it</source>
        <translation>Dessiner le col tel que le programme l’a trouvé</translation>
    </message>
    <message>
        <source>Drawing</source>
        <translation>Dessin</translation>
    </message>
    <message>
        <source>Drawing phantoms to rehearse</source>
        <translation>Dessin de fantômes pour la répétition</translation>
    </message>
    <message>
        <source>Drawing the demo library</source>
        <translation>Dessin de la bibliothèque de démonstration</translation>
    </message>
    <message>
        <source>Drawn in dashes: tissue near it that did not whiten. Look whether it is normal, or click on other tissue.</source>
        <translation>En tirets : tissu proche qui n’a pas blanchi. Vérifiez s’il est normal, ou cliquez sur un autre tissu.</translation>
    </message>
    <message>
        <source>Drive</source>
        <translation>Lecteur</translation>
    </message>
    <message>
        <source>Dull, opaque, oyster white; grey</source>
        <translation>Mat, opaque, blanc huître ; gris</translation>
    </message>
    <message>
        <source>E&amp;xamine live</source>
        <translation>Examen en &amp;direct</translation>
    </message>
    <message>
        <source>E&amp;xport</source>
        <translation>E&amp;xporter</translation>
    </message>
    <message>
        <source>E&amp;xport...</source>
        <translation>E&amp;xporter...</translation>
    </message>
    <message>
        <source>ECC</source>
        <comment>endocervical curettage</comment>
        <translation>CEC</translation>
    </message>
    <message>
        <source>ECE</source>
        <translation>ECE</translation>
    </message>
    <message>
        <source>Each of the two pictures</source>
        <translation>Chacune des deux images</translation>
    </message>
    <message>
        <source>Each patient has a visit.</source>
        <translation>Chaque patiente a une consultation.</translation>
    </message>
    <message>
        <source>Each source alone</source>
        <translation>Chaque source seule</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>Antérieure</translation>
    </message>
    <message>
        <source>Earlier colposcopy</source>
        <translation>Colposcopie antérieure</translation>
    </message>
    <message>
        <source>Earlier treatment</source>
        <translation>Traitement antérieur</translation>
    </message>
    <message>
        <source>Earlier, {day}</source>
        <translation>Antérieure, {day}</translation>
    </message>
    <message>
        <source>Edit patient</source>
        <translation>Modifier la patiente</translation>
    </message>
    <message>
        <source>Empty list</source>
        <translation>Liste vide</translation>
    </message>
    <message>
        <source>Encrypting pictures</source>
        <translation>Chiffrement des images</translation>
    </message>
    <message>
        <source>End with the best so far</source>
        <translation>Terminer avec le meilleur à ce stade</translation>
    </message>
    <message>
        <source>Endoscopy (ES)</source>
        <translation>Endoscopie (ES)</translation>
    </message>
    <message>
        <source>Enough?</source>
        <translation>Suffisant ?</translation>
    </message>
    <message>
        <source>Enter</source>
        <comment>key</comment>
        <translation>Entrée</translation>
    </message>
    <message>
        <source>Enter compares the chosen picture with the one on the stage, Escape closes.</source>
        <translation>Entrée compare l’image choisie à celle de la zone d’image, Échap ferme.</translation>
    </message>
    <message>
        <source>Enter opens its visit in Review</source>
        <translation>Entrée ouvre sa consultation dans Lecture</translation>
    </message>
    <message>
        <source>Enter or a click opens the visit.</source>
        <translation>Entrée ou un clic ouvre la consultation.</translation>
    </message>
    <message>
        <source>Enter or a double click shows a picture large, to read small words and to draw boxes. Delete leaves it out.</source>
        <translation>Entrée ou un double clic agrandit une image, pour lire les petits mots et tracer des cadres. Suppr l’écarte.</translation>
    </message>
    <message>
        <source>Enter shows a picture large, to draw boxes. Delete leaves it out or lets it go. N: the next with words.</source>
        <translation>Entrée agrandit une image, pour tracer des cadres. Suppr l’écarte ou la laisse sortir. N : la suivante avec des mots.</translation>
    </message>
    <message>
        <source>Enter, or a click on the first corner</source>
        <translation>Entrée, ou un clic sur le premier sommet</translation>
    </message>
    <message>
        <source>Entered by</source>
        <translation>Saisi par</translation>
    </message>
    <message>
        <source>Entered by {person}.</source>
        <translation>Saisi par {person}.</translation>
    </message>
    <message>
        <source>Entered by {reader}.</source>
        <translation>Saisi par {reader}.</translation>
    </message>
    <message>
        <source>Entered on</source>
        <translation>Saisi le</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>Gomme</translation>
    </message>
    <message>
        <source>Esc: back to the grades</source>
        <translation>Échap : retour aux grades</translation>
    </message>
    <message>
        <source>Escape</source>
        <comment>key</comment>
        <translation>Échap</translation>
    </message>
    <message>
        <source>Escape closes</source>
        <translation>Échap ferme</translation>
    </message>
    <message>
        <source>Escape in the search field shows all visits.</source>
        <translation>Échap dans le champ de recherche affiche toutes les consultations.</translation>
    </message>
    <message>
        <source>Every visit is signed.</source>
        <translation>Toutes les consultations sont signées.</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>Tout</translation>
    </message>
    <message>
        <source>Everything stays on this computer: no picture, name or number is sent anywhere.</source>
        <translation>Tout reste sur cet ordinateur : aucune image, aucun nom, aucun numéro n’est envoyé où que ce soit.</translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation>Partout</translation>
    </message>
    <message>
        <source>Examination</source>
        <translation>Examen</translation>
    </message>
    <message>
        <source>Examination</source>
        <comment>whether it was adequate</comment>
        <translation>Examen</translation>
    </message>
    <message>
        <source>Examination (IFCPC 2011)</source>
        <translation>Examen (IFCPC 2011)</translation>
    </message>
    <message>
        <source>Examination and lesions</source>
        <translation>Examen et lésions</translation>
    </message>
    <message>
        <source>Examination by IFCPC</source>
        <translation>Examen selon l’IFCPC</translation>
    </message>
    <message>
        <source>Examine her, or begin now: the visit is unassigned then, and is given to her before it is signed.</source>
        <translation>Examinez-la, ou commencez maintenant : la consultation est alors non attribuée, et lui est attribuée avant d’être signée.</translation>
    </message>
    <message>
        <source>Examine live</source>
        <translation>Examen en direct</translation>
    </message>
    <message>
        <source>Examined and reported by me</source>
        <translation>Examen et compte rendu faits par moi</translation>
    </message>
    <message>
        <source>Examiner</source>
        <translation>Examinateur(-trice)</translation>
    </message>
    <message>
        <source>Examiner's view: 12 o'clock is up, the patient's left is on the right.</source>
        <translation>Vue de l’examinateur : 12 h est en haut, la gauche de la patiente est à droite.</translation>
    </message>
    <message>
        <source>Excision</source>
        <translation>Exérèse</translation>
    </message>
    <message>
        <source>Excision margins</source>
        <translation>Marges d’exérèse</translation>
    </message>
    <message>
        <source>Excision type {excision} of a transformation zone type {tz}</source>
        <translation>Exérèse de type {excision} d’une zone de transformation de type {tz}</translation>
    </message>
    <message>
        <source>Excitation</source>
        <translation>Excitation</translation>
    </message>
    <message>
        <source>Excitation (nm)</source>
        <translation>Excitation (nm)</translation>
    </message>
    <message>
        <source>Excitation is a wavelength between {low:.0f} and {high:.0f} nm.</source>
        <translation>L’excitation est une longueur d’onde comprise entre {low:.0f} et {high:.0f} nm.</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exporter</translation>
    </message>
    <message>
        <source>Export ...</source>
        <translation>Exporter ...</translation>
    </message>
    <message>
        <source>Export WITH NAMES</source>
        <translation>Exporter AVEC LES NOMS</translation>
    </message>
    <message>
        <source>Export found lines signed...</source>
        <translation>Export signé des lignes trouvées...</translation>
    </message>
    <message>
        <source>Export from this library</source>
        <translation>Exporter depuis cette bibliothèque</translation>
    </message>
    <message>
        <source>Export signed...</source>
        <translation>Export signé...</translation>
    </message>
    <message>
        <source>Export the audit trail</source>
        <translation>Exporter la piste d’audit</translation>
    </message>
    <message>
        <source>Export the clip</source>
        <translation>Exporter le clip</translation>
    </message>
    <message>
        <source>Export the filtered part of the audit trail</source>
        <translation>Exporter la partie filtrée de la piste d’audit</translation>
    </message>
    <message>
        <source>Export this visit...</source>
        <translation>Exporter cette consultation...</translation>
    </message>
    <message>
        <source>Export without names</source>
        <translation>Exporter sans les noms</translation>
    </message>
    <message>
        <source>Export...</source>
        <translation>Exporter...</translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (a part of the trail, as filtered) to {file}.</source>
        <translation>
            <numerusform>%n ligne (une partie de la piste, selon le filtre) exportée vers {file}.</numerusform>
            <numerusform>%n lignes (une partie de la piste, selon le filtre) exportées vers {file}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Exported %n line(s) (the whole trail) to {file}.</source>
        <translation>
            <numerusform>%n ligne (toute la piste) exportée vers {file}.</numerusform>
            <numerusform>%n lignes (toute la piste) exportées vers {file}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Exported, and on record</source>
        <translation>Exporté et consigné</translation>
    </message>
    <message>
        <source>Exporting ...</source>
        <translation>Export en cours ...</translation>
    </message>
    <message>
        <source>Exporting for research</source>
        <translation>Export pour la recherche</translation>
    </message>
    <message>
        <source>Exporting the audit trail</source>
        <translation>Export de la piste d’audit</translation>
    </message>
    <message>
        <source>Exporting the clip</source>
        <translation>Export du clip</translation>
    </message>
    <message>
        <source>Exporting with names</source>
        <translation>Export avec les noms</translation>
    </message>
    <message>
        <source>Exporting. It goes on when you leave this page.</source>
        <translation>Export en cours. Il continue quand vous quittez cette page.</translation>
    </message>
    <message>
        <source>Exports</source>
        <translation>Exports</translation>
    </message>
    <message>
        <source>Exposure</source>
        <translation>Exposition</translation>
    </message>
    <message>
        <source>Exposure (ms)</source>
        <translation>Exposition (ms)</translation>
    </message>
    <message>
        <source>Extent into the canal</source>
        <translation>Étendue dans le canal</translation>
    </message>
    <message>
        <source>External-camera photography (XC)</source>
        <translation>Photographie par caméra externe (XC)</translation>
    </message>
    <message>
        <source>F, double click</source>
        <translation>F, double clic</translation>
    </message>
    <message>
        <source>FFV1 video, without loss (*.mkv)</source>
        <translation>Vidéo FFV1, sans perte (*.mkv)</translation>
    </message>
    <message>
        <source>FIRST FRAME FOLLOWED, not live</source>
        <translation>PREMIÈRE IMAGE SUIVIE, pas en direct</translation>
    </message>
    <message>
        <source>FROM A CLIP, not live</source>
        <translation>D’UN CLIP, pas en direct</translation>
    </message>
    <message>
        <source>FROZEN</source>
        <translation>FIGÉE</translation>
    </message>
    <message>
        <source>FROZEN, for the scale</source>
        <translation>FIGÉE, pour l’échelle</translation>
    </message>
    <message>
        <source>Faintly or patchy yellow</source>
        <translation>Jaune pâle ou par plages</translation>
    </message>
    <message>
        <source>Family name</source>
        <translation>Nom de famille</translation>
    </message>
    <message>
        <source>Feb</source>
        <translation>févr.</translation>
    </message>
    <message>
        <source>February</source>
        <translation>février</translation>
    </message>
    <message>
        <source>Field</source>
        <translation>Champ</translation>
    </message>
    <message>
        <source>Fields of the chosen line, before and after</source>
        <translation>Champs de la ligne choisie, avant et après</translation>
    </message>
    <message>
        <source>Figures of both models</source>
        <translation>Chiffres des deux modèles</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Fichier</translation>
    </message>
    <message>
        <source>Files of &amp;type:</source>
        <translation>&amp;Type de fichiers :</translation>
    </message>
    <message>
        <source>Files: {names}.</source>
        <translation>Fichiers : {names}.</translation>
    </message>
    <message>
        <source>Filling the demo library</source>
        <translation>Remplissage de la bibliothèque de démonstration</translation>
    </message>
    <message>
        <source>Filmstrip: pictures of this visit in order of time</source>
        <translation>Bande d’images : images de cette consultation dans l’ordre chronologique</translation>
    </message>
    <message>
        <source>Filter</source>
        <comment>of glass, before the camera</comment>
        <translation>Filtre</translation>
    </message>
    <message>
        <source>Filter shortcuts</source>
        <translation>Filtrer les raccourcis</translation>
    </message>
    <message>
        <source>Filter; Escape goes back</source>
        <translation>Filtrer ; Échap revient en arrière</translation>
    </message>
    <message>
        <source>Find and open a visit</source>
        <translation>Chercher et ouvrir une consultation</translation>
    </message>
    <message>
        <source>Find her</source>
        <translation>Chercher la patiente</translation>
    </message>
    <message>
        <source>Find squares</source>
        <translation>Trouver les carrés</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>Constatations</translation>
    </message>
    <message>
        <source>Findings</source>
        <comment>tab</comment>
        <translation>Signes</translation>
    </message>
    <message>
        <source>Findings in words</source>
        <translation>Constatations en toutes lettres</translation>
    </message>
    <message>
        <source>Findings text</source>
        <translation>Texte des constatations</translation>
    </message>
    <message>
        <source>Findings, AI, pins, report and referral card</source>
        <translation>Constatations, IA, repères, compte rendu et fiche d’adressage</translation>
    </message>
    <message>
        <source>Fine, of uniform calibre, closely and uniformly placed; poorly formed patterns of fine punctation or mosaic; beyond the margin of the transformation zone; within microcondylomatous or micropapillary lesions</source>
        <translation>Fins, de calibre uniforme, disposés de façon serrée et uniforme ; motifs mal formés de ponctuation ou de mosaïque fines ; au-delà du bord de la zone de transformation ; au sein de lésions microcondylomateuses ou micropapillaires</translation>
    </message>
    <message>
        <source>Fine, regular</source>
        <translation>Fins, réguliers</translation>
    </message>
    <message>
        <source>Fine-&amp;tune</source>
        <translation>&amp;Affinage</translation>
    </message>
    <message>
        <source>Fine-tune</source>
        <translation>Affinage</translation>
    </message>
    <message>
        <source>Fine-tune on my cases</source>
        <translation>Affiner sur mes cas</translation>
    </message>
    <message>
        <source>Fingerprint of the key that signs exports: {fingerprint}</source>
        <translation>Empreinte de la clé qui signe les exports : {fingerprint}</translation>
    </message>
    <message>
        <source>Fingerprint of the key: ...</source>
        <translation>Empreinte de la clé : ...</translation>
    </message>
    <message>
        <source>Fingerprint of the key: {fingerprint}</source>
        <translation>Empreinte de la clé : {fingerprint}</translation>
    </message>
    <message>
        <source>Fingerprint, as its sender told it</source>
        <translation>Empreinte, telle que son expéditeur l’a communiquée</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Terminer</translation>
    </message>
    <message>
        <source>Finish placing points first.</source>
        <translation>Terminez d’abord de placer les points.</translation>
    </message>
    <message>
        <source>First read</source>
        <translation>Première lecture</translation>
    </message>
    <message>
        <source>First read before the AI: the AI answer stays hidden until there is an impression</source>
        <translation>Première lecture avant l’IA : la réponse de l’IA reste cachée tant qu’il n’y a pas d’impression</translation>
    </message>
    <message>
        <source>First read, before the AI: {grade} ({who})</source>
        <translation>Première lecture, avant l’IA : {grade} ({who})</translation>
    </message>
    <message>
        <source>First read, then AI. The answer stays hidden until you reveal it; your impression until then is kept.</source>
        <translation>Première lecture, puis IA. La réponse reste cachée jusqu’à ce que vous la révéliez ; l’impression donnée avant est conservée.</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>Ajuster</translation>
    </message>
    <message>
        <source>Flicker</source>
        <translation>Alternance</translation>
    </message>
    <message>
        <source>Flicker: the other picture</source>
        <translation>Alternance : l’autre image</translation>
    </message>
    <message>
        <source>Flicker: the other picture; in the player: play or pause</source>
        <translation>Alternance : l’autre image ; dans le lecteur de séquence : lecture ou pause</translation>
    </message>
    <message>
        <source>Fluor.</source>
        <translation>Fluo.</translation>
    </message>
    <message>
        <source>Fluorescence</source>
        <translation>Fluorescence</translation>
    </message>
    <message>
        <source>Fluorescence after acid</source>
        <translation>Fluorescence après l’acide</translation>
    </message>
    <message>
        <source>Fluorescence before acid</source>
        <translation>Fluorescence avant l’acide</translation>
    </message>
    <message>
        <source>Fluorescence picture (internal number)</source>
        <translation>Image en fluorescence (numéro interne)</translation>
    </message>
    <message>
        <source>Fluorescence {stage}</source>
        <translation>Fluorescence {stage}</translation>
    </message>
    <message>
        <source>Fluorescence {when}</source>
        <translation>Fluorescence {when}</translation>
    </message>
    <message>
        <source>Fluorescence, {stage}</source>
        <translation>Fluorescence, {stage}</translation>
    </message>
    <message>
        <source>Focus</source>
        <translation>Mise au point</translation>
    </message>
    <message>
        <source>Focus on the os, hold still, retake.</source>
        <translation>Faites la mise au point sur l’orifice, ne bougez plus, refaites l’image.</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Dossier</translation>
    </message>
    <message>
        <source>Folder for backups, best on another disk</source>
        <translation>Dossier des sauvegardes, de préférence sur un autre disque</translation>
    </message>
    <message>
        <source>Folder into which the device saves</source>
        <translation>Dossier dans lequel l’appareil enregistre</translation>
    </message>
    <message>
        <source>Follow-up</source>
        <translation>Suivi</translation>
    </message>
    <message>
        <source>Follow-up after treatment, and no earlier treatment</source>
        <translation>Suivi après traitement, et aucun traitement antérieur</translation>
    </message>
    <message>
        <source>Follow-up of this visit</source>
        <translation>Suivi de cette consultation</translation>
    </message>
    <message>
        <source>Followed from {at} after acid on only: what had whitened by then is not in it.</source>
        <translation>Suivi seulement à partir de {at} après l’acide : ce qui avait déjà blanchi n’y figure pas.</translation>
    </message>
    <message>
        <source>Followed from {first:.0f} s after acid on only: what had whitened by then is not in it</source>
        <translation>Suivi seulement à partir de {first:.0f} s après l’acide : ce qui avait déjà blanchi n’y figure pas</translation>
    </message>
    <message>
        <source>For looking only: the picture that is kept, the AI answer and the report stay as they are.</source>
        <translation>Pour regarder seulement : l’image conservée, la réponse de l’IA et le compte rendu ne changent pas.</translation>
    </message>
    <message>
        <source>Forgets points and registers the pair automatically</source>
        <translation>Oublie les points et recale la paire automatiquement</translation>
    </message>
    <message>
        <source>Frame into the visit</source>
        <translation>Image vers la consultation</translation>
    </message>
    <message>
        <source>Frame of the clip</source>
        <translation>Image du clip</translation>
    </message>
    <message>
        <source>Free some space: it can be opened for writing here then</source>
        <translation>Libérez de l’espace : elle pourra alors être ouverte ici en écriture</translation>
    </message>
    <message>
        <source>Freeze</source>
        <translation>Figer</translation>
    </message>
    <message>
        <source>Freeze the live picture, or go on</source>
        <translation>Figer l’image en direct, ou continuer</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Du</translation>
    </message>
    <message>
        <source>From earlier runs {learn:,} women learn, {calibrate:,} calibrate and {test:,} are the locked test; new ones join them in these shares.</source>
        <translation>Depuis les apprentissages précédents, {learn:,} patientes servent à apprendre, {calibrate:,} à étalonner et {test:,} forment le test verrouillé ; les nouvelles s’y ajoutent dans ces proportions.</translation>
    </message>
    <message>
        <source>From now on, {name} answers. Answers kept from other models stay in the library.</source>
        <translation>Désormais, {name} répond. Les réponses conservées d’autres modèles restent dans la bibliothèque.</translation>
    </message>
    <message>
        <source>From the left (pixels)</source>
        <translation>Depuis la gauche (pixels)</translation>
    </message>
    <message>
        <source>From the top (pixels)</source>
        <translation>Depuis le haut (pixels)</translation>
    </message>
    <message>
        <source>From then on {model} answers on this computer instead of {before}. Answers that were kept stay as they are, each with the model it came from. One click rolls it back. Investigational - not for diagnosis.</source>
        <translation>Dès lors, {model} répond sur cet ordinateur à la place de {before}. Les réponses conservées restent telles quelles, chacune avec le modèle dont elle provient. Un clic suffit pour revenir en arrière. Expérimental – ne pas utiliser pour le diagnostic.</translation>
    </message>
    <message>
        <source>From this day on</source>
        <translation>À partir de ce jour</translation>
    </message>
    <message>
        <source>Gain</source>
        <translation>Gain</translation>
    </message>
    <message>
        <source>Ghost</source>
        <translation>Calque</translation>
    </message>
    <message>
        <source>Give an unassigned visit to a woman ...</source>
        <translation>Attribuer une consultation non attribuée à une patiente ...</translation>
    </message>
    <message>
        <source>Give it to a woman ...</source>
        <translation>L’attribuer à une patiente ...</translation>
    </message>
    <message>
        <source>Give it up</source>
        <translation>Abandonner</translation>
    </message>
    <message>
        <source>Give the picture as the camera took it: no picture of a screen, no panels beside it, not saved at low quality.</source>
        <translation>Fournissez l’image telle que la caméra l’a prise : pas de photo d’écran, pas de panneaux à côté, pas d’enregistrement en basse qualité.</translation>
    </message>
    <message>
        <source>Give the visit to her</source>
        <translation>Lui attribuer la consultation</translation>
    </message>
    <message>
        <source>Give your grade first. Then come back to this pair and ask again.</source>
        <translation>Attribuez d’abord votre grade. Revenez ensuite à cette paire et redemandez.</translation>
    </message>
    <message>
        <source>Give your impression ({review.impression_normal} to {review.impression_cancer}), then {review.reveal} reveals the AI answer; that goes on record and cannot be undone.</source>
        <translation>Donnez votre impression ({review.impression_normal} à {review.impression_cancer}), puis {review.reveal} révèle la réponse de l’IA ; cela est consigné et ne peut pas être annulé.</translation>
    </message>
    <message>
        <source>Given name</source>
        <translation>Prénom</translation>
    </message>
    <message>
        <source>Given up: not in the library</source>
        <translation>Abandonné : pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>Glare</source>
        <translation>Reflets</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Continuer</translation>
    </message>
    <message numerus="yes">
        <source>Go on with the %n that (waits|wait)</source>
        <translation>
            <numerusform>Continuer avec %n image en attente</numerusform>
            <numerusform>Continuer avec %n images en attente</numerusform>
        </translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>Y aller</translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is fluorescence.</source>
        <translation>S’applique à {some} sur {all} : le reste est de la fluorescence.</translation>
    </message>
    <message>
        <source>Goes to {some} of the {all}: the rest is white light.</source>
        <translation>S’applique à {some} sur {all} : le reste est de la lumière blanche.</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Bonne</translation>
    </message>
    <message>
        <source>Grade</source>
        <translation>Grade</translation>
    </message>
    <message>
        <source>Grade 1 (minor)</source>
        <translation>Grade 1 (mineur)</translation>
    </message>
    <message>
        <source>Grade 2 (major)</source>
        <translation>Grade 2 (majeur)</translation>
    </message>
    <message>
        <source>Grade more pairs in Annotate, or enter histology in Review.</source>
        <translation>Attribuez un grade à d’autres paires dans Annotation, ou saisissez l’histologie dans Lecture.</translation>
    </message>
    <message>
        <source>Grade of the second read</source>
        <translation>Grade de la seconde lecture</translation>
    </message>
    <message>
        <source>Grade: indeterminate, likeliest {grade}, probability {share:.2f}</source>
        <translation>Grade : indéterminé, le plus probable {grade}, probabilité {share:.2f}</translation>
    </message>
    <message>
        <source>Grade: {grade}</source>
        <translation>Grade : {grade}</translation>
    </message>
    <message>
        <source>Grade: {grade}, probability {share:.2f}</source>
        <translation>Grade : {grade}, probabilité {share:.2f}</translation>
    </message>
    <message>
        <source>Graded {grade}: model attention shows {shows}.</source>
        <translation>Grade attribué {grade} : l’attention du modèle montre {shows}.</translation>
    </message>
    <message>
        <source>Grades in a set (low is good)</source>
        <translation>Grades par ensemble (bas = bon)</translation>
    </message>
    <message>
        <source>Grading</source>
        <translation>Attribution du grade</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>Vert</translation>
    </message>
    <message>
        <source>Green</source>
        <comment>picture through a green filter</comment>
        <translation>Vert</translation>
    </message>
    <message>
        <source>Green filter</source>
        <translation>Filtre vert</translation>
    </message>
    <message>
        <source>Green filter, for looking</source>
        <translation>Filtre vert, pour regarder</translation>
    </message>
    <message>
        <source>Green filter, for looking only</source>
        <translation>Filtre vert, pour regarder seulement</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Grille</translation>
    </message>
    <message>
        <source>Guessed: {guesses}.</source>
        <translation>Supposé : {guesses}.</translation>
    </message>
    <message>
        <source>H (hold)</source>
        <translation>H (maintenir)</translation>
    </message>
    <message>
        <source>HL7 Lithuania, cervical 0.0.1</source>
        <translation>HL7 Lituanie, cervical 0.0.1</translation>
    </message>
    <message>
        <source>HPV positive</source>
        <translation>HPV positif</translation>
    </message>
    <message>
        <source>HPV positive as indication, and no positive test</source>
        <translation>HPV positif comme indication, et aucun test positif</translation>
    </message>
    <message>
        <source>HPV test of</source>
        <translation>Test HPV du</translation>
    </message>
    <message>
        <source>HPV types</source>
        <translation>Types de HPV</translation>
    </message>
    <message>
        <source>HPV vaccination</source>
        <translation>Vaccination contre le HPV</translation>
    </message>
    <message>
        <source>HPV {answer}</source>
        <translation>HPV {answer}</translation>
    </message>
    <message>
        <source>HPV, high risk</source>
        <translation>HPV à haut risque</translation>
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
        <translation>HSIL+ trouvés à 85 % de spécificité</translation>
    </message>
    <message>
        <source>HSIL+ found, as graded</source>
        <translation>HSIL+ trouvés, selon le grade attribué</translation>
    </message>
    <message>
        <source>HSIL+ sensitivity as graded</source>
        <translation>Sensibilité HSIL+ selon le grade attribué</translation>
    </message>
    <message>
        <source>HSIL+ sensitivity at 85 % specificity</source>
        <translation>Sensibilité HSIL+ à 85 % de spécificité</translation>
    </message>
    <message>
        <source>Haemostasis</source>
        <translation>Hémostase</translation>
    </message>
    <message>
        <source>Happened at</source>
        <translation>Survenu le</translation>
    </message>
    <message>
        <source>Have it answer on this computer</source>
        <translation>Le faire répondre sur cet ordinateur</translation>
    </message>
    <message>
        <source>Heading of reports</source>
        <translation>En-tête des comptes rendus</translation>
    </message>
    <message>
        <source>Height (pixels)</source>
        <translation>Hauteur (pixels)</translation>
    </message>
    <message>
        <source>Her age is not known</source>
        <translation>Son âge n’est pas connu</translation>
    </message>
    <message>
        <source>Hidden. {key} shows it again.</source>
        <translation>Masqué. {key} réaffiche.</translation>
    </message>
    <message>
        <source>Hide pictures ({count})</source>
        <translation>Masquer les images ({count})</translation>
    </message>
    <message>
        <source>Hide the model attention</source>
        <translation>Masquer l’attention du modèle</translation>
    </message>
    <message>
        <source>High</source>
        <comment>grade</comment>
        <translation>Haut grade</translation>
    </message>
    <message>
        <source>Hist&amp;ology</source>
        <translation>&amp;Histologie</translation>
    </message>
    <message>
        <source>Histology</source>
        <translation>Histologie</translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) less than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation>
            <numerusform>L’histologie ({histology}) est inférieure de %n grade à l’impression ({impression}) : pour la RCP, sauf indication contraire du suivi.</numerusform>
            <numerusform>L’histologie ({histology}) est inférieure de %n grades à l’impression ({impression}) : pour la RCP, sauf indication contraire du suivi.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Histology ({histology}) is %n grade(s) worse than the impression ({impression}): for the MDT meeting, unless the follow-up says otherwise.</source>
        <translation>
            <numerusform>L’histologie ({histology}) est plus grave de %n grade que l’impression ({impression}) : pour la RCP, sauf indication contraire du suivi.</numerusform>
            <numerusform>L’histologie ({histology}) est plus grave de %n grades que l’impression ({impression}) : pour la RCP, sauf indication contraire du suivi.</numerusform>
        </translation>
    </message>
    <message>
        <source>Histology less</source>
        <translation>Histologie inférieure</translation>
    </message>
    <message>
        <source>Histology overdue</source>
        <translation>Histologie en retard</translation>
    </message>
    <message>
        <source>Histology worse</source>
        <translation>Histologie plus grave</translation>
    </message>
    <message>
        <source>Histology: grade</source>
        <translation>Histologie : grade</translation>
    </message>
    <message>
        <source>Histology: reported</source>
        <translation>Histologie : date du résultat</translation>
    </message>
    <message>
        <source>Histology: words</source>
        <translation>Histologie : texte</translation>
    </message>
    <message>
        <source>Histology: {result}</source>
        <translation>Histologie : {result}</translation>
    </message>
    <message>
        <source>Hold H on the stage to hide it for a moment</source>
        <translation>Maintenir H sur la zone d’image pour la masquer un instant</translation>
    </message>
    <message>
        <source>Hold L: loupe, H: no attention</source>
        <translation>Maintenir L : loupe, H : masquer l’attention du modèle</translation>
    </message>
    <message>
        <source>Holds for reading pairs for labels. Who asks for the answer is on record, and a read after it counts in no blind figure. The audit trail keeps this choice as it does the first-read lock.</source>
        <translation>S’applique aux lectures d’étiquetage. Qui demande la réponse est consigné, et une lecture faite ensuite ne compte dans aucun chiffre en aveugle. La piste d’audit conserve ce choix comme le verrou de première lecture.</translation>
    </message>
    <message>
        <source>How a picture was taken</source>
        <translation>Comment une image a été prise</translation>
    </message>
    <message>
        <source>How complete the findings are</source>
        <translation>Complétude des constatations</translation>
    </message>
    <message>
        <source>How complete the referral card is</source>
        <translation>Complétude de la fiche d’adressage</translation>
    </message>
    <message>
        <source>How far it is</source>
        <translation>Avancement</translation>
    </message>
    <message>
        <source>How far the run is</source>
        <translation>Avancement de l’apprentissage</translation>
    </message>
    <message>
        <source>How it was taken</source>
        <translation>Mode d’obtention</translation>
    </message>
    <message>
        <source>How long it stayed white</source>
        <translation>Durée du blanchiment</translation>
    </message>
    <message>
        <source>How sure</source>
        <translation>Certitude</translation>
    </message>
    <message>
        <source>How the pictures are shown</source>
        <translation>Comment les images sont montrées</translation>
    </message>
    <message>
        <source>How {specimen} was taken</source>
        <translation>Mode de prélèvement : {specimen}</translation>
    </message>
    <message>
        <source>Hysterectomy</source>
        <translation>Hystérectomie</translation>
    </message>
    <message>
        <source>I agree: {grade}</source>
        <translation>D’accord : {grade}</translation>
    </message>
    <message>
        <source>I differ ...</source>
        <translation>Pas d’accord ...</translation>
    </message>
    <message>
        <source>I have it on paper, and &amp;somebody else would find it</source>
        <translation>Je l’ai sur papier, et &amp;quelqu’un d’autre la trouverait</translation>
    </message>
    <message>
        <source>I looked at each picture: nothing left in it names anybody</source>
        <translation>J’ai regardé chaque image : rien de ce qui y reste ne nomme quelqu’un</translation>
    </message>
    <message>
        <source>IARC Atlas of Colposcopy (online, read 2026)</source>
        <translation>Atlas de colposcopie du CIRC (en ligne, consulté en 2026)</translation>
    </message>
    <message>
        <source>ID (required)</source>
        <translation>Identifiant (obligatoire)</translation>
    </message>
    <message>
        <source>ID {identifier}</source>
        <translation>identifiant {identifier}</translation>
    </message>
    <message>
        <source>Identifier</source>
        <translation>Identifiant</translation>
    </message>
    <message>
        <source>Identity corrected after the signing, on {day} by {who}: {identity}.</source>
        <translation>Identité corrigée après la signature, le {day} par {who} : {identity}.</translation>
    </message>
    <message>
        <source>If it comes again, points can be placed in Review.</source>
        <translation>Si cela se reproduit, des points peuvent être placés dans Lecture.</translation>
    </message>
    <message>
        <source>Immune status</source>
        <translation>Statut immunitaire</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importer</translation>
    </message>
    <message>
        <source>Import more...</source>
        <translation>Importer d’autres...</translation>
    </message>
    <message>
        <source>Import pictures</source>
        <translation>Importer des images</translation>
    </message>
    <message>
        <source>Import {count}</source>
        <translation>Importer {count}</translation>
    </message>
    <message>
        <source>Impression</source>
        <translation>Impression</translation>
    </message>
    <message>
        <source>Impression: none given</source>
        <translation>Impression : non donnée</translation>
    </message>
    <message>
        <source>Impression: {grade}</source>
        <translation>Impression : {grade}</translation>
    </message>
    <message>
        <source>In doubt: {doubts}</source>
        <translation>En doute : {doubts}</translation>
    </message>
    <message>
        <source>In the library</source>
        <translation>Dans la bibliothèque</translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}, the last on {day}.</source>
        <translation>Dans la bibliothèque : {name}, naissance {born} ; {visits}, la dernière le {day}.</translation>
    </message>
    <message>
        <source>In the library: {name}, born {born}; {visits}.</source>
        <translation>Dans la bibliothèque : {name}, naissance {born} ; {visits}.</translation>
    </message>
    <message>
        <source>In {folder}</source>
        <translation>Dans {folder}</translation>
    </message>
    <message>
        <source>In {folder}.</source>
        <translation>Dans {folder}.</translation>
    </message>
    <message>
        <source>Inadequate for</source>
        <translation>Non satisfaisant en raison de</translation>
    </message>
    <message>
        <source>Inadequate without a reason</source>
        <translation>Examen non satisfaisant, sans motif</translation>
    </message>
    <message>
        <source>Indeterminate</source>
        <translation>Indéterminé</translation>
    </message>
    <message>
        <source>Indeterminate: model attention shows {shows}.</source>
        <translation>Indéterminé : l’attention du modèle montre {shows}.</translation>
    </message>
    <message>
        <source>Indication</source>
        <translation>Indication</translation>
    </message>
    <message>
        <source>Indication as it was written: {indication}</source>
        <translation>Indication telle que saisie : {indication}</translation>
    </message>
    <message>
        <source>Indication: {indication}</source>
        <translation>Indication : {indication}</translation>
    </message>
    <message>
        <source>Install an update</source>
        <translation>Installer une mise à jour</translation>
    </message>
    <message>
        <source>Installed now: {present}. It stays, to go back to (pfm update back).</source>
        <translation>Installée actuellement : {present}. Elle reste, pour pouvoir y revenir (pfm update back).</translation>
    </message>
    <message>
        <source>Installed now: {present}. The new version takes its place; to go back to it (pfm update back) you need its installer, so keep it: {file}.</source>
        <translation>Installée actuellement : {present}. La nouvelle version la remplace ; pour y revenir (pfm update back), il vous faut son programme d’installation, conservez-le : {file}.</translation>
    </message>
    <message>
        <source>Installing the update</source>
        <translation>Installation de la mise à jour</translation>
    </message>
    <message>
        <source>Intended use: research, training and demonstration of reading paired white-light and fluorescence pictures of the cervix. It is not a medical device. Its answers must not be used for diagnosis, for triage, or to put off a biopsy or a treatment; the clinician's own reading decides.</source>
        <translation>Usage prévu : recherche, formation et démonstration de la lecture de paires d’images du col en lumière blanche et en fluorescence. Ce n’est pas un dispositif médical. Ses réponses ne doivent pas être utilisées pour le diagnostic, pour le triage, ni pour différer une biopsie ou un traitement ; c’est la lecture du clinicien qui décide.</translation>
    </message>
    <message>
        <source>Intermediate shade: grey/white colour and shiny surface (most lesions)</source>
        <translation>Teinte intermédiaire : couleur gris/blanc et surface brillante (la plupart des lésions)</translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis</source>
        <translation>Expérimental – ne pas utiliser pour le diagnostic</translation>
    </message>
    <message>
        <source>Investigational - not for diagnosis.</source>
        <translation>Expérimental – ne pas utiliser pour le diagnostic.</translation>
    </message>
    <message>
        <source>Iodine</source>
        <comment>picture after Lugol's iodine</comment>
        <translation>Iode</translation>
    </message>
    <message>
        <source>Iodine allergy not asked yet: say No (N) or Yes (Y) first.</source>
        <translation>Allergie à l’iode pas encore demandée : indiquez d’abord Non (N) ou Oui (Y).</translation>
    </message>
    <message>
        <source>Iodine allergy on record</source>
        <translation>Allergie à l’iode consignée</translation>
    </message>
    <message>
        <source>Iodine allergy on record. To be used all the same: {reason}</source>
        <translation>Allergie à l’iode consignée. À utiliser malgré tout : {reason}</translation>
    </message>
    <message>
        <source>Iodine allergy on record: do not use iodine.</source>
        <translation>Allergie à l’iode consignée : ne pas utiliser d’iode.</translation>
    </message>
    <message>
        <source>Iodine allergy: no</source>
        <translation>Allergie à l’iode : non</translation>
    </message>
    <message>
        <source>Iodine allergy: yes</source>
        <translation>Allergie à l’iode : oui</translation>
    </message>
    <message>
        <source>Iodine allergy?</source>
        <translation>Allergie à l’iode ?</translation>
    </message>
    <message>
        <source>Iodine in spite of the allergy, because</source>
        <translation>Iode malgré l’allergie, parce que</translation>
    </message>
    <message>
        <source>Iodine staining</source>
        <translation>Coloration à l’iode</translation>
    </message>
    <message>
        <source>Is anything drawn into these pictures that names somebody: a name, a number, a date? Make it black.</source>
        <translation>Ces images portent-elles une inscription qui nomme quelqu’un : un nom, un numéro, une date ? Noircissez-la.</translation>
    </message>
    <message>
        <source>Is now</source>
        <translation>Maintenant</translation>
    </message>
    <message>
        <source>It can be examined and reviewed. Before it can be signed it must be given to a woman.</source>
        <translation>Elle peut être examinée et lue. Avant de pouvoir être signée, elle doit être attribuée à une patiente.</translation>
    </message>
    <message>
        <source>It cannot be made there</source>
        <translation>Création impossible ici</translation>
    </message>
    <message>
        <source>It could not be judged; the error is in the log.</source>
        <translation>Jugement impossible ; l’erreur est dans le journal.</translation>
    </message>
    <message>
        <source>It does not say when a picture is unlike anything it learned from.</source>
        <translation>Il ne signale pas quand une image est différente de tout ce qu’il a appris.</translation>
    </message>
    <message>
        <source>It ended early: {problem}</source>
        <translation>Fin prématurée : {problem}</translation>
    </message>
    <message>
        <source>It ended without a model: {why}.</source>
        <translation>Il s’est terminé sans modèle : {why}.</translation>
    </message>
    <message>
        <source>It fills itself once the os is marked (O, or Shift+O: as found) and the cervix drawn (C, or Shift+C: as found).</source>
        <translation>Il se remplit seul dès que l’orifice est marqué (O, ou Shift+O : tel que trouvé) et le col dessiné (C, ou Shift+C : tel que trouvé).</translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, READABLE in its folder: this library is not encrypted.</source>
        <translation>L’export est consigné, avant l’écriture du premier fichier. La liste des pseudonymes reste dans la bibliothèque, LISIBLE dans son dossier : cette bibliothèque n’est pas chiffrée.</translation>
    </message>
    <message>
        <source>It goes on record, before the first file is written. The list of pseudonyms stays in the library, encrypted with it.</source>
        <translation>L’export est consigné, avant l’écriture du premier fichier. La liste des pseudonymes reste dans la bibliothèque, chiffrée avec elle.</translation>
    </message>
    <message>
        <source>It is being learned now, at low priority.</source>
        <translation>Il est en cours d’apprentissage, en basse priorité.</translation>
    </message>
    <message>
        <source>It is being put on record, with its maps ...</source>
        <translation>Consignation en cours, avec ses cartes ...</translation>
    </message>
    <message>
        <source>It is in quarantine and answers nothing.</source>
        <translation>Il est en quarantaine et ne répond à rien.</translation>
    </message>
    <message>
        <source>It is kept in this library: what is chosen while another one is open changes nothing here.</source>
        <translation>Ce choix est conservé dans cette bibliothèque : ce qui est choisi quand une autre est ouverte ne change rien ici.</translation>
    </message>
    <message>
        <source>It is not in sight at the moment.</source>
        <translation>Ce n’est pas visible pour le moment.</translation>
    </message>
    <message>
        <source>It is off the record. Take it again with the device's own button.</source>
        <translation>Elle n’est plus consignée. Refaites-la avec le bouton de l’appareil.</translation>
    </message>
    <message>
        <source>It is on record that you saw this. A grade that you give or change from now on counts as one after AI.</source>
        <translation>Il est consigné que vous avez vu ceci. Un grade que vous attribuez ou modifiez désormais compte comme donné après l’IA.</translation>
    </message>
    <message>
        <source>It is replaced and answers nothing now.</source>
        <translation>Il est remplacé et ne répond plus à rien.</translation>
    </message>
    <message>
        <source>It is rolled back and answers nothing now.</source>
        <translation>Retour en arrière effectué : il ne répond plus à rien.</translation>
    </message>
    <message>
        <source>It is whole in {folder}, from an earlier backup</source>
        <translation>Il est intact dans {folder}, d’une sauvegarde antérieure</translation>
    </message>
    <message>
        <source>It outranks every reading when a case gets its label. Readers do not see it.</source>
        <translation>L’histologie prime sur toute lecture quand un cas reçoit son étiquette. Les lecteurs ne la voient pas.</translation>
    </message>
    <message>
        <source>It says when a picture is unlike anything it learned from ({sources}).</source>
        <translation>Il signale quand une image est différente de tout ce qu’il a appris ({sources}).</translation>
    </message>
    <message>
        <source>It seems to lie on its side or to be squeezed: hold the camera upright, give the picture as the camera took it.</source>
        <translation>Elle semble couchée ou écrasée : tenez la caméra droite, fournissez l’image telle que la caméra l’a prise.</translation>
    </message>
    <message>
        <source>It stays as it was.</source>
        <translation>Elle reste telle quelle.</translation>
    </message>
    <message>
        <source>It was cut short, by an ending of the program or an error. What was learned until then is kept.</source>
        <translation>Il a été interrompu, par la fermeture du programme ou une erreur. Ce qui était appris jusque-là est conservé.</translation>
    </message>
    <message>
        <source>It was measured in another recording: its place is seen in the report.</source>
        <translation>Mesuré dans un autre enregistrement : son emplacement se voit dans le compte rendu.</translation>
    </message>
    <message>
        <source>It was stopped before it was done.</source>
        <translation>Arrêté avant la fin.</translation>
    </message>
    <message>
        <source>It was stopped. No labels were saved.</source>
        <translation>Arrêté. Aucune étiquette n’a été enregistrée.</translation>
    </message>
    <message>
        <source>It was stopped. No report was saved.</source>
        <translation>Arrêté. Aucun compte rendu n’a été enregistré.</translation>
    </message>
    <message>
        <source>It was stopped: the visit is signed as before.</source>
        <translation>Arrêté : la consultation est signée comme avant.</translation>
    </message>
    <message>
        <source>It was stopped; this is the best until then.</source>
        <translation>Arrêté ; voici le meilleur jusque-là.</translation>
    </message>
    <message>
        <source>It was written anew</source>
        <translation>Il a été réécrit</translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n hour(s).</source>
        <translation>
            <numerusform>Cela prendra environ %n heure.</numerusform>
            <numerusform>Cela prendra environ %n heures.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>It will take about %n minute(s).</source>
        <translation>
            <numerusform>Cela prendra environ %n minute.</numerusform>
            <numerusform>Cela prendra environ %n minutes.</numerusform>
        </translation>
    </message>
    <message>
        <source>Items of the Swede score</source>
        <translation>Éléments du score de Swede</translation>
    </message>
    <message>
        <source>Its file says that words are drawn into it: cover them, or it stays here</source>
        <translation>Son fichier indique que des mots y sont incrustés : masquez-les, sinon elle reste ici</translation>
    </message>
    <message>
        <source>Its folder says {name}.</source>
        <translation>Son dossier indique {name}.</translation>
    </message>
    <message>
        <source>Its name says born {birth}, and she is born {day}.</source>
        <translation>Son nom indique comme naissance {birth}, et elle est née le {day}.</translation>
    </message>
    <message>
        <source>Its pair is gone</source>
        <translation>Sa paire n’existe plus</translation>
    </message>
    <message>
        <source>Its pictures stay together.</source>
        <translation>Ses images restent ensemble.</translation>
    </message>
    <message>
        <source>Its recovery key was not shown: make another one in Settings</source>
        <translation>Sa clé de récupération n’a pas été affichée : créez-en une autre dans Réglages</translation>
    </message>
    <message>
        <source>Its sender calls it {name}, which another model here is called already.</source>
        <translation>Son expéditeur le nomme {name}, nom que porte déjà un autre modèle ici.</translation>
    </message>
    <message>
        <source>JSON Lines (*.jsonl)</source>
        <translation>JSON Lines (*.jsonl)</translation>
    </message>
    <message>
        <source>Jan</source>
        <translation>janv.</translation>
    </message>
    <message>
        <source>January</source>
        <translation>janvier</translation>
    </message>
    <message>
        <source>Jul</source>
        <translation>juil.</translation>
    </message>
    <message>
        <source>July</source>
        <translation>juillet</translation>
    </message>
    <message>
        <source>Jun</source>
        <translation>juin</translation>
    </message>
    <message>
        <source>Junction (SCJ)</source>
        <translation>Jonction (JPC)</translation>
    </message>
    <message>
        <source>June</source>
        <translation>juin</translation>
    </message>
    <message>
        <source>Kappa (quadratic)</source>
        <translation>Kappa (quadratique)</translation>
    </message>
    <message>
        <source>Kappa with quadratic weights: Cohen's of two readers, Fleiss' of all. In brackets: 95 % interval, by woman. Drift: how many grades above (+) or below (-) the other readers, in blocks of 50 reads. Of two readers nobody can tell by it which of them drifts.</source>
        <translation>Kappa à pondération quadratique : de Cohen pour deux lecteurs, de Fleiss pour tous. Entre parenthèses : intervalle à 95 %, par patiente. Dérive : nombre de grades au-dessus (+) ou au-dessous (-) des autres lecteurs, par blocs de 50 lectures. Avec deux lecteurs, elle ne permet à personne de savoir lequel des deux dérive.</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Conserver</translation>
    </message>
    <message>
        <source>Keep my impression: {grade}</source>
        <translation>Garder mon impression : {grade}</translation>
    </message>
    <message>
        <source>Keep the old plan</source>
        <translation>Garder l’ancien plan</translation>
    </message>
    <message>
        <source>Keep, with care: {reason}</source>
        <translation>Conserver, avec prudence : {reason}</translation>
    </message>
    <message>
        <source>Keeping it</source>
        <translation>Enregistrement en cours</translation>
    </message>
    <message>
        <source>Keeping the registration</source>
        <translation>Enregistrement du recalage</translation>
    </message>
    <message>
        <source>Keeping the signed report</source>
        <translation>Enregistrement du compte rendu signé</translation>
    </message>
    <message>
        <source>Kept once a grade is chosen.</source>
        <translation>Conservé dès qu’un grade est choisi.</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Raccourcis clavier</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Touches</translation>
    </message>
    <message>
        <source>Keys of {page}</source>
        <translation>Touches : {page}</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Type</translation>
    </message>
    <message>
        <source>Kind of lines</source>
        <translation>Type de lignes</translation>
    </message>
    <message>
        <source>L (hold)</source>
        <translation>L (maintenir)</translation>
    </message>
    <message>
        <source>LAST PICTURE, not live</source>
        <translation>DERNIÈRE IMAGE, pas en direct</translation>
    </message>
    <message>
        <source>LSIL (CIN 1)</source>
        <translation>LSIL (CIN 1)</translation>
    </message>
    <message>
        <source>Label {grade}</source>
        <translation>Étiquette {grade}</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Étiquettes</translation>
    </message>
    <message>
        <source>Labels from: {origins}.</source>
        <translation>Étiquettes provenant de : {origins}.</translation>
    </message>
    <message>
        <source>Labels of the pots as PDF ...</source>
        <translation>Étiquettes des pots en PDF ...</translation>
    </message>
    <message>
        <source>Labels of the pots as PDF...</source>
        <translation>Étiquettes des pots en PDF...</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Langue</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>Pinceau plus grand</translation>
    </message>
    <message>
        <source>Last backup: ...</source>
        <translation>Dernière sauvegarde : ...</translation>
    </message>
    <message>
        <source>Last backup: {when}, in {folder}</source>
        <translation>Dernière sauvegarde : {when}, dans {folder}</translation>
    </message>
    <message>
        <source>Last treated on</source>
        <translation>Dernier traitement le</translation>
    </message>
    <message>
        <source>Lay a board of black and white squares, or a ruler, flat where the cervix would be, in focus. The scale holds at this zoom and working distance alone: calibrate anew once the zoom of the colposcope was changed.</source>
        <translation>Posez un damier de carrés noirs et blancs, ou une règle, à plat là où serait le col, bien au point. L’échelle ne vaut que pour ce zoom et cette distance de travail : étalonnez de nouveau dès que le zoom du colposcope a été changé.</translation>
    </message>
    <message>
        <source>Learn a model</source>
        <translation>Entraîner un modèle</translation>
    </message>
    <message>
        <source>Learned from</source>
        <translation>Entraîné sur</translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}, {phantoms:,} phantoms rehearsed.</source>
        <translation>Entraîné sur {cases} en {epochs} ; {which}, vérifié sur {checked}, étalonné sur {calibrated}, {phantoms:,} fantômes revus.</translation>
    </message>
    <message>
        <source>Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}.</source>
        <translation>Entraîné sur {cases} en {epochs} ; {which}, vérifié sur {checked}, étalonné sur {calibrated}.</translation>
    </message>
    <message>
        <source>Learning a model</source>
        <translation>Entraînement d’un modèle</translation>
    </message>
    <message>
        <source>Learning part</source>
        <translation>Part de l’apprentissage</translation>
    </message>
    <message>
        <source>Learning run</source>
        <translation>Apprentissage</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>Quitter</translation>
    </message>
    <message>
        <source>Leave in the folder</source>
        <translation>Laisser dans le dossier</translation>
    </message>
    <message>
        <source>Leave note, reasons or drawing</source>
        <translation>Quitter note, motifs ou dessin</translation>
    </message>
    <message>
        <source>Leave out</source>
        <comment>a step of the examination</comment>
        <translation>Passer</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>Écarter</translation>
    </message>
    <message>
        <source>Leave point mode</source>
        <translation>Quitter le mode points</translation>
    </message>
    <message>
        <source>Leave the next step out</source>
        <translation>Passer l’étape suivante</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>Écarté</translation>
    </message>
    <message numerus="yes">
        <source>Left out %n case(s). {reasons}.</source>
        <translation>
            <numerusform>%n cas écarté. {reasons}.</numerusform>
            <numerusform>%n cas écartés. {reasons}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Left out by hand</source>
        <translation>Écartée à la main</translation>
    </message>
    <message>
        <source>Left out by the template of this site: {names}.</source>
        <translation>Écarté par le modèle de compte rendu de ce centre : {names}.</translation>
    </message>
    <message>
        <source>Left out: {problem}</source>
        <translation>Écartée : {problem}</translation>
    </message>
    <message>
        <source>Left out: {reasons}.</source>
        <translation>Écartés : {reasons}.</translation>
    </message>
    <message>
        <source>Length, distal to proximal</source>
        <translation>Longueur, de distal à proximal</translation>
    </message>
    <message>
        <source>Lengthen the exposure, darken the room, then retake.</source>
        <translation>Allongez l’exposition, assombrissez la salle, puis refaites l’image.</translation>
    </message>
    <message>
        <source>Lesion</source>
        <translation>Lésion</translation>
    </message>
    <message>
        <source>Lesion (internal number)</source>
        <translation>Lésion (numéro interne)</translation>
    </message>
    <message>
        <source>Lesion 1 (new)</source>
        <translation>Lésion 1 (nouvelle)</translation>
    </message>
    <message>
        <source>Lesion margin and surface</source>
        <translation>Bord et surface de la lésion</translation>
    </message>
    <message>
        <source>Lesion size</source>
        <translation>Taille de la lésion</translation>
    </message>
    <message>
        <source>Lesion {number}</source>
        <translation>Lésion {number}</translation>
    </message>
    <message>
        <source>Lesion {number} as drawn: {measures}.</source>
        <translation>Lésion {number} telle que dessinée : {measures}.</translation>
    </message>
    <message>
        <source>Lesion {number} is not drawn on these pictures: press D on the stage and draw around it.</source>
        <translation>La lésion {number} n’est pas dessinée sur ces images : appuyez sur D dans la zone d’image et dessinez son contour.</translation>
    </message>
    <message>
        <source>Lesion {number}: an inner border lies between thin and dense acetowhite epithelium</source>
        <translation>Lésion {number} : une bordure interne se situe entre un épithélium acétoblanc fin et un épithélium acétoblanc dense</translation>
    </message>
    <message numerus="yes">
        <source>Lesion {number}: its hours lie in more than %n quadrant(s)</source>
        <translation>
            <numerusform>Lésion {number} : ses heures couvrent plus de %n quadrant</numerusform>
            <numerusform>Lésion {number} : ses heures couvrent plus de %n quadrants</numerusform>
        </translation>
    </message>
    <message>
        <source>Lesion {number}: rapid acetowhitening, and it was first measured at {seconds:.0f} s</source>
        <translation>Lésion {number} : blanchiment acétique rapide, et il a été mesuré pour la première fois à {seconds:.0f} s</translation>
    </message>
    <message>
        <source>Lesions</source>
        <translation>Lésions</translation>
    </message>
    <message>
        <source>Less</source>
        <translation>Moins</translation>
    </message>
    <message>
        <source>Less seen as less</source>
        <translation>Inférieurs vus comme tels</translation>
    </message>
    <message>
        <source>Let go of what is dragged; back to the pan tool; from another visit or the player back to the pair</source>
        <translation>Lâcher ce qui est déplacé ; retour à l’outil de déplacement ; d’une autre consultation ou du lecteur de séquence, retour à la paire</translation>
    </message>
    <message>
        <source>Let it go out</source>
        <translation>La laisser sortir</translation>
    </message>
    <message>
        <source>Letter</source>
        <translation>Courrier</translation>
    </message>
    <message>
        <source>Letter due</source>
        <translation>Courrier à envoyer</translation>
    </message>
    <message>
        <source>Letter sent</source>
        <translation>Courrier envoyé</translation>
    </message>
    <message>
        <source>Letters</source>
        <translation>Courriers</translation>
    </message>
    <message>
        <source>Letters with the result are followed up</source>
        <translation>Les courriers avec le résultat sont suivis</translation>
    </message>
    <message>
        <source>Letters, digits, - _ and .</source>
        <translation>Lettres, chiffres, - _ et .</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Niveau</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>Bibliothèque</translation>
    </message>
    <message>
        <source>Library {library}</source>
        <translation>Bibliothèque {library}</translation>
    </message>
    <message>
        <source>Library {library}, encrypted</source>
        <translation>Bibliothèque {library}, chiffrée</translation>
    </message>
    <message>
        <source>Licence: Apache 2.0; see LICENSE. Other people's parts are listed in the README.</source>
        <translation>Licence : Apache 2.0 ; voir LICENSE. Les éléments de tiers sont énumérés dans le README.</translation>
    </message>
    <message>
        <source>Light</source>
        <comment>the theme of light colours</comment>
        <translation>Clair</translation>
    </message>
    <message>
        <source>Likely</source>
        <comment>how sure</comment>
        <translation>Probable</translation>
    </message>
    <message>
        <source>Limited</source>
        <translation>Limitée</translation>
    </message>
    <message>
        <source>Line {number}, {moment}, by {who}</source>
        <translation>Ligne {number}, {moment}, par {who}</translation>
    </message>
    <message>
        <source>Line {number}: {text}</source>
        <translation>Ligne {number} : {text}</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, never better since.</source>
        <translation>Ligne : perte sur des cas hors apprentissage, {start:.3f} au début, jamais meilleure depuis.</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start, {least:.3f} after epoch {best} (the best, ringed).</source>
        <translation>Ligne : perte sur des cas hors apprentissage, {start:.3f} au début, {least:.3f} après l’époque {best} (la meilleure, cerclée).</translation>
    </message>
    <message>
        <source>Line: loss on cases that are not learned from, {start:.3f} at the start.</source>
        <translation>Ligne : perte sur des cas hors apprentissage, {start:.3f} au début.</translation>
    </message>
    <message>
        <source>Lines of the audit trail</source>
        <translation>Lignes de la piste d’audit</translation>
    </message>
    <message>
        <source>Live help</source>
        <translation>Aide en direct</translation>
    </message>
    <message>
        <source>Live picture</source>
        <translation>Image en direct</translation>
    </message>
    <message>
        <source>Load the pair again</source>
        <translation>Recharger la paire</translation>
    </message>
    <message>
        <source>Loading ...</source>
        <translation>Chargement ...</translation>
    </message>
    <message>
        <source>Loading the numeric library</source>
        <translation>Chargement de la bibliothèque de calcul</translation>
    </message>
    <message>
        <source>Loading the pictures</source>
        <translation>Chargement des images</translation>
    </message>
    <message>
        <source>Loading the pictures ...</source>
        <translation>Chargement des images ...</translation>
    </message>
    <message>
        <source>Loading this pair ...</source>
        <translation>Chargement de cette paire ...</translation>
    </message>
    <message>
        <source>Loc&amp;k the window</source>
        <translation>Ver&amp;rouiller la fenêtre</translation>
    </message>
    <message>
        <source>Location</source>
        <translation>Localisation</translation>
    </message>
    <message>
        <source>Lock after</source>
        <translation>Verrouiller après</translation>
    </message>
    <message>
        <source>Lock the window</source>
        <translation>Verrouiller la fenêtre</translation>
    </message>
    <message>
        <source>Locked</source>
        <translation>Verrouillé</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>Chercher de nouveau</translation>
    </message>
    <message>
        <source>Look at both pictures</source>
        <translation>Regardez les deux images</translation>
    </message>
    <message>
        <source>Look at it yourself</source>
        <translation>Vérifiez vous-même</translation>
    </message>
    <message>
        <source>Look at it...</source>
        <translation>Consulter...</translation>
    </message>
    <message>
        <source>Look at lamp and filter, then take the pair again.</source>
        <translation>Vérifiez la lampe et le filtre, puis refaites la paire.</translation>
    </message>
    <message>
        <source>Look at the locked test again</source>
        <translation>Revoir le test verrouillé</translation>
    </message>
    <message>
        <source>Look at the pictures</source>
        <translation>Regarder les images</translation>
    </message>
    <message>
        <source>Look at the pictures first: scroll through all of them.</source>
        <translation>Regardez d’abord les images : faites-les toutes défiler.</translation>
    </message>
    <message>
        <source>Look at them</source>
        <translation>Examiner</translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error unknown.</source>
        <translation>Vérifiez avant de vous y fier : erreur estimée inconnue.</translation>
    </message>
    <message>
        <source>Look before you trust it: estimated error {error}.</source>
        <translation>Vérifiez avant de vous y fier : erreur estimée {error}.</translation>
    </message>
    <message>
        <source>Look up</source>
        <translation>Rechercher</translation>
    </message>
    <message>
        <source>Look whether both meet; take the pair again if there is time.</source>
        <translation>Vérifiez que les deux coïncident ; refaites la paire s’il reste du temps.</translation>
    </message>
    <message>
        <source>Look whether both pictures meet under the cursor; place points by hand if they do not.</source>
        <translation>Vérifiez que les deux images coïncident sous le curseur ; sinon, placez des points à la main.</translation>
    </message>
    <message>
        <source>Look whether your last work is there; if not, do it again or restore a backup</source>
        <translation>Vérifiez que votre dernier travail est là ; sinon, refaites-le ou restaurez une sauvegarde</translation>
    </message>
    <message>
        <source>Look who she is</source>
        <translation>Vérifiez qui elle est</translation>
    </message>
    <message>
        <source>Looked at through</source>
        <translation>Regarder à travers</translation>
    </message>
    <message>
        <source>Looking ...</source>
        <translation>Recherche ...</translation>
    </message>
    <message>
        <source>Looking at the colours</source>
        <translation>Examen des couleurs</translation>
    </message>
    <message>
        <source>Looking at the colours.</source>
        <translation>Examen des couleurs.</translation>
    </message>
    <message>
        <source>Looking at the frames that were recorded after acetic acid ...</source>
        <translation>Examen des images enregistrées après l’acide acétique ...</translation>
    </message>
    <message>
        <source>Looking at the pair ...</source>
        <translation>Examen de la paire ...</translation>
    </message>
    <message>
        <source>Looking at the pictures</source>
        <translation>Examen des images</translation>
    </message>
    <message>
        <source>Looking at the pictures once</source>
        <translation>Premier passage sur les images</translation>
    </message>
    <message>
        <source>Looking at whitening</source>
        <translation>Examen du blanchiment</translation>
    </message>
    <message>
        <source>Looking for cases</source>
        <translation>Recherche de cas</translation>
    </message>
    <message>
        <source>Looking for pairs</source>
        <translation>Recherche de paires</translation>
    </message>
    <message>
        <source>Looking for pictures</source>
        <translation>Recherche d’images</translation>
    </message>
    <message>
        <source>Looking for pictures ...</source>
        <translation>Recherche d’images ...</translation>
    </message>
    <message>
        <source>Looking for squares ...</source>
        <translation>Recherche de carrés ...</translation>
    </message>
    <message>
        <source>Looking for tasks ...</source>
        <translation>Recherche de tâches ...</translation>
    </message>
    <message>
        <source>Looking for the earlier pictures ...</source>
        <translation>Recherche des images antérieures ...</translation>
    </message>
    <message>
        <source>Looking for the pictures</source>
        <translation>Recherche des images</translation>
    </message>
    <message>
        <source>Looking how the pairs differ</source>
        <translation>Examen des différences entre paires</translation>
    </message>
    <message>
        <source>Looking what the files say</source>
        <translation>Examen de ce que disent les fichiers</translation>
    </message>
    <message>
        <source>Looking whether it can be undone</source>
        <translation>Vérification de la possibilité d’annuler</translation>
    </message>
    <message>
        <source>Losses by epoch</source>
        <translation>Pertes par époque</translation>
    </message>
    <message>
        <source>Loupe</source>
        <translation>Loupe</translation>
    </message>
    <message>
        <source>Low</source>
        <comment>grade</comment>
        <translation>Bas grade</translation>
    </message>
    <message>
        <source>Low-intensity acetowhitening (not completely opaque); indistinct; transparent or translucent; beyond the margin of the transformation zone; pure snow-white with intense surface shine</source>
        <translation>Blanchiment acétique de faible intensité (pas complètement opaque) ; indistinct ; transparent ou translucide ; au-delà du bord de la zone de transformation ; blanc neige pur à vive brillance de surface</translation>
    </message>
    <message>
        <source>Lower the light or the exposure, retake.</source>
        <translation>Réduisez la lumière ou l’exposition, refaites l’image.</translation>
    </message>
    <message>
        <source>Lugol's iodine</source>
        <translation>Lugol</translation>
    </message>
    <message>
        <source>Lugol's iodine allowed in spite of a known allergy: {reason}</source>
        <translation>Lugol autorisé malgré une allergie connue : {reason}</translation>
    </message>
    <message>
        <source>Lugol's iodine comes last: its stain is on all that is taken after it</source>
        <translation>Le lugol vient en dernier : sa coloration est sur tout ce qui est pris ensuite</translation>
    </message>
    <message>
        <source>Lugol's iodine is on: it hides fluorescence, and no model reads such a pair. W takes a white-light picture. Press again within 3 seconds to take the pair all the same.</source>
        <translation>Le lugol est appliqué : il masque la fluorescence, et aucun modèle ne lit une telle paire. W prend une image en lumière blanche. Appuyez de nouveau dans les 3 secondes pour prendre la paire malgré tout.</translation>
    </message>
    <message>
        <source>Lugol's iodine: non-stained</source>
        <translation>Lugol : non coloré</translation>
    </message>
    <message>
        <source>Lugol's iodine: stained</source>
        <translation>Lugol : coloré</translation>
    </message>
    <message>
        <source>MDT meeting</source>
        <translation>RCP</translation>
    </message>
    <message>
        <source>MJPG video (*.avi)</source>
        <translation>Vidéo MJPG (*.avi)</translation>
    </message>
    <message>
        <source>Macro recall</source>
        <translation>Rappel macro</translation>
    </message>
    <message>
        <source>Made</source>
        <translation>Créée</translation>
    </message>
    <message>
        <source>Made at</source>
        <translation>Créé le</translation>
    </message>
    <message>
        <source>Made by</source>
        <translation>Créé par</translation>
    </message>
    <message>
        <source>Made from picture files, without a patient or findings.</source>
        <translation>Établi à partir de fichiers d’images, sans patiente ni constatations.</translation>
    </message>
    <message>
        <source>Make a new library in this folder</source>
        <translation>Créer une nouvelle bibliothèque dans ce dossier</translation>
    </message>
    <message>
        <source>Make the library</source>
        <translation>Créer la bibliothèque</translation>
    </message>
    <message>
        <source>Make the new folder in</source>
        <translation>Créer le nouveau dossier dans</translation>
    </message>
    <message>
        <source>Make the task</source>
        <translation>Créer la tâche</translation>
    </message>
    <message>
        <source>Making it...</source>
        <translation>Création...</translation>
    </message>
    <message>
        <source>Making the demo library</source>
        <translation>Création de la bibliothèque de démonstration</translation>
    </message>
    <message>
        <source>Making the labels</source>
        <translation>Création des étiquettes</translation>
    </message>
    <message>
        <source>Making the library</source>
        <translation>Création de la bibliothèque</translation>
    </message>
    <message>
        <source>Making the report</source>
        <translation>Création du compte rendu</translation>
    </message>
    <message>
        <source>Making the report that was signed</source>
        <translation>Création du compte rendu qui a été signé</translation>
    </message>
    <message>
        <source>Making the task</source>
        <translation>Création de la tâche</translation>
    </message>
    <message>
        <source>Making the task ...</source>
        <translation>Création de la tâche ...</translation>
    </message>
    <message>
        <source>Manoeuvre or instrument</source>
        <translation>Manœuvre ou instrument</translation>
    </message>
    <message>
        <source>Map over the picture</source>
        <translation>Carte sur l’image</translation>
    </message>
    <message>
        <source>Map, {words}</source>
        <translation>Carte, {words}</translation>
    </message>
    <message>
        <source>Map: how long it stayed white</source>
        <translation>Carte : durée du blanchiment</translation>
    </message>
    <message>
        <source>Map: most whitening</source>
        <translation>Carte : blanchiment maximal</translation>
    </message>
    <message>
        <source>Mar</source>
        <translation>mars</translation>
    </message>
    <message>
        <source>March</source>
        <translation>mars</translation>
    </message>
    <message>
        <source>Margin that is made black, in pixels</source>
        <translation>Marge noircie, en pixels</translation>
    </message>
    <message>
        <source>Margins</source>
        <translation>Marges</translation>
    </message>
    <message>
        <source>Margins and surface</source>
        <translation>Bords et surface</translation>
    </message>
    <message>
        <source>Mark the os first (O on the stage)</source>
        <translation>Marquez d’abord l’orifice (O sur la zone d’image)</translation>
    </message>
    <message>
        <source>Mark the os where the program found it</source>
        <translation>Marquer l’orifice là où le programme l’a trouvé</translation>
    </message>
    <message>
        <source>May</source>
        <comment>month</comment>
        <translation>mai</translation>
    </message>
    <message>
        <source>May</source>
        <translation>mai</translation>
    </message>
    <message>
        <source>May sign in</source>
        <translation>Peut se connecter</translation>
    </message>
    <message>
        <source>Meaning</source>
        <translation>Sens de la signature</translation>
    </message>
    <message>
        <source>Menopause</source>
        <translation>Ménopause</translation>
    </message>
    <message>
        <source>Menu {menu}</source>
        <translation>Menu {menu}</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Message</translation>
    </message>
    <message>
        <source>Message of this page</source>
        <translation>Message de cette page</translation>
    </message>
    <message>
        <source>Method: {method}.</source>
        <translation>Méthode : {method}.</translation>
    </message>
    <message>
        <source>Microcondylomatous or micropapillary contour; flat with indistinct margins; feathered or finely scalloped; angular, jagged; satellites beyond the margin of the transformation zone</source>
        <translation>Contour microcondylomateux ou micropapillaire ; plan à bords indistincts ; en plumes ou finement festonné ; anguleux, dentelé ; satellites au-delà du bord de la zone de transformation</translation>
    </message>
    <message>
        <source>Middle error {error:.1f} px, worst pair {worst}</source>
        <translation>Erreur médiane {error:.1f} px, pire paire {worst}</translation>
    </message>
    <message>
        <source>Millimetres in a pixel</source>
        <translation>Millimètres par pixel</translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): complete.</source>
        <translation>Données minimales (ASCCP) : complètes.</translation>
    </message>
    <message>
        <source>Minimum set (ASCCP): {done} of {all}. Missing: {titles}.</source>
        <translation>Données minimales (ASCCP) : {done} sur {all}. Il manque : {titles}.</translation>
    </message>
    <message>
        <source>Miscellaneous</source>
        <translation>Divers</translation>
    </message>
    <message>
        <source>Missing: {gaps}</source>
        <translation>Il manque : {gaps}</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>Mode</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modèle</translation>
    </message>
    <message>
        <source>Model attention</source>
        <translation>Attention du modèle</translation>
    </message>
    <message>
        <source>Model attention of which source</source>
        <translation>Attention du modèle : quelle source</translation>
    </message>
    <message>
        <source>Model card</source>
        <translation>Fiche du modèle</translation>
    </message>
    <message>
        <source>Model files (*.pfm-model)</source>
        <translation>Fichiers de modèle (*.pfm-model)</translation>
    </message>
    <message>
        <source>Model name</source>
        <translation>Nom du modèle</translation>
    </message>
    <message>
        <source>Model {name} {version}</source>
        <translation>Modèle {name} {version}</translation>
    </message>
    <message>
        <source>Model {name}, version {version}, {variant}, {splice} splice; {label}.</source>
        <translation>Modèle {name}, version {version}, {variant}, fusion {splice} ; {label}.</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modèles</translation>
    </message>
    <message>
        <source>Models and fine-tuning</source>
        <translation>Modèles et affinage</translation>
    </message>
    <message>
        <source>Models are learned by clinicians of this library: they see all labels.</source>
        <translation>Les modèles sont entraînés par les cliniciens de cette bibliothèque : ils voient toutes les étiquettes.</translation>
    </message>
    <message>
        <source>Models that were learned here</source>
        <translation>Modèles entraînés ici</translation>
    </message>
    <message>
        <source>Modified Reid index</source>
        <translation>Index de Reid modifié</translation>
    </message>
    <message>
        <source>Monsel's solution</source>
        <translation>Solution de Monsel</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Plus</translation>
    </message>
    <message>
        <source>More contrast</source>
        <translation>Plus de contraste</translation>
    </message>
    <message>
        <source>More than {limit:g} s: they may not show the same. Look at lamp and camera, take it again.</source>
        <translation>Plus de {limit:g} s : elles peuvent ne pas montrer la même chose. Vérifiez la lampe et la caméra, refaites la paire.</translation>
    </message>
    <message>
        <source>Most whitening</source>
        <translation>Blanchiment maximal</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>Déplacer</translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)</source>
        <translation>
            <numerusform>Déplacer %n image</numerusform>
            <numerusform>Déplacer %n images</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s)
from {origin}
to {woman}, visit of {when}?</source>
        <translation>
            <numerusform>Déplacer %n image
de {origin}
vers {woman}, consultation du {when} ?</numerusform>
            <numerusform>Déplacer %n images
de {origin}
vers {woman}, consultation du {when} ?</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Move %n picture(s) to</source>
        <translation>
            <numerusform>Déplacer %n image vers</numerusform>
            <numerusform>Déplacer %n images vers</numerusform>
        </translation>
    </message>
    <message>
        <source>Move closer or zoom in until the cervix fills most of the picture, then retake.</source>
        <translation>Rapprochez-vous ou zoomez jusqu’à ce que le col remplisse la plus grande partie de l’image, puis refaites-la.</translation>
    </message>
    <message>
        <source>Move in the list, from the search field too</source>
        <translation>Se déplacer dans la liste, aussi depuis le champ de recherche</translation>
    </message>
    <message>
        <source>Move the blend or the curtain</source>
        <translation>Déplacer le fondu ou le rideau</translation>
    </message>
    <message>
        <source>Move the blend or the curtain; [ and ] with a brush: its size</source>
        <translation>Déplacer le fondu ou le rideau ; [ et ] avec un pinceau : sa taille</translation>
    </message>
    <message>
        <source>Move the chosen pictures to another visit ...</source>
        <translation>Déplacer les images choisies vers une autre consultation ...</translation>
    </message>
    <message>
        <source>Move the chosen pin</source>
        <translation>Déplacer le repère choisi</translation>
    </message>
    <message>
        <source>Move the cursor</source>
        <translation>Déplacer le curseur</translation>
    </message>
    <message numerus="yes">
        <source>Move the visit of {when}, with %n picture(s) and all that is said in it,
from {woman}
to {other}?</source>
        <translation>
            <numerusform>Déplacer la consultation du {when}, avec %n image et tout ce qui y est dit,
de {woman}
vers {other} ?</numerusform>
            <numerusform>Déplacer la consultation du {when}, avec %n images et tout ce qui y est dit,
de {woman}
vers {other} ?</numerusform>
        </translation>
    </message>
    <message>
        <source>Move to another visit...</source>
        <translation>Vers une autre consultation...</translation>
    </message>
    <message>
        <source>Move visit</source>
        <translation>Déplacer la consultation</translation>
    </message>
    <message>
        <source>Move visit to another patient</source>
        <translation>Déplacer la consultation vers une autre patiente</translation>
    </message>
    <message>
        <source>My figures</source>
        <translation>Mes chiffres</translation>
    </message>
    <message>
        <source>My grade</source>
        <translation>Mon grade</translation>
    </message>
    <message>
        <source>My password</source>
        <translation>Mon mot de passe</translation>
    </message>
    <message>
        <source>My second read ...</source>
        <translation>Ma seconde lecture ...</translation>
    </message>
    <message>
        <source>NHSCSP 20: told within 4 weeks (best practice), 8 weeks (minimum)</source>
        <translation>NHSCSP 20 : patiente informée sous 4 semaines (bonne pratique), 8 au plus (minimum)</translation>
    </message>
    <message>
        <source>NOT ALIGNED: {why}</source>
        <translation>NON ALIGNÉE : {why}</translation>
    </message>
    <message>
        <source>NOT removed: the picture itself, and words in it that are not made black. A scar or a rare finding may tell who she is: pass it on under agreement.</source>
        <translation>NON retirés : l’image elle-même, et les mots qui s’y trouvent sans être noircis. Une cicatrice ou une constatation rare peuvent révéler qui elle est : transmettez-la dans le cadre d’un accord.</translation>
    </message>
    <message>
        <source>Name</source>
        <comment>of a task</comment>
        <translation>Nom</translation>
    </message>
    <message>
        <source>Name</source>
        <comment>of a model</comment>
        <translation>Nom</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Nom</translation>
    </message>
    <message>
        <source>Name and address of the clinic</source>
        <translation>Nom et adresse du centre</translation>
    </message>
    <message>
        <source>Name and serial number</source>
        <translation>Nom et numéro de série</translation>
    </message>
    <message>
        <source>Name of the file</source>
        <translation>Nom du fichier</translation>
    </message>
    <message>
        <source>Name or ID</source>
        <translation>Nom ou identifiant</translation>
    </message>
    <message>
        <source>Names are hidden on this page</source>
        <translation>Les noms sont masqués sur cette page</translation>
    </message>
    <message>
        <source>Names are hidden while pairs are read</source>
        <translation>Les noms sont masqués pendant la lecture des paires</translation>
    </message>
    <message>
        <source>Names are hidden: nothing to search</source>
        <translation>Les noms sont masqués : rien à rechercher</translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads, and the AI answer until the own grade is given: the site shows it after that to who asks for it (Settings).</source>
        <translation>Les noms, les constatations et l’histologie restent cachés à qui lit, et la réponse de l’IA jusqu’à ce que son propre grade soit attribué : le centre la montre ensuite à qui la demande (Réglages).</translation>
    </message>
    <message>
        <source>Names, findings and histology stay hidden from who reads. The AI answer is shown to who asks for it, also before the grade: such reads are marked, and count in no blind figure.</source>
        <translation>Les noms, les constatations et l’histologie restent cachés à qui lit. La réponse de l’IA est montrée à qui la demande, même avant le grade : ces lectures sont signalées, et ne comptent dans aucun chiffre en aveugle.</translation>
    </message>
    <message>
        <source>Names, findings, histology and AI answers stay hidden from who reads.</source>
        <translation>Les noms, les constatations, l’histologie et les réponses de l’IA restent cachés à qui lit.</translation>
    </message>
    <message>
        <source>Negative uptake: yellow staining of a lesion that has 4 or more on the other three</source>
        <translation>Captation négative : coloration jaune d’une lésion qui totalise 4 ou plus sur les trois autres</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Nouveau</translation>
    </message>
    <message>
        <source>New &amp;library...</source>
        <translation>Nouvelle &amp;bibliothèque...</translation>
    </message>
    <message>
        <source>New &amp;password</source>
        <translation>Nouveau mot de &amp;passe</translation>
    </message>
    <message>
        <source>New &amp;patient...</source>
        <translation>Nouvelle &amp;patiente...</translation>
    </message>
    <message>
        <source>New &amp;visit...</source>
        <translation>Nouvelle &amp;consultation...</translation>
    </message>
    <message>
        <source>New here? A short tour shows the way, on phantoms: no real women, and nothing is changed or signed by it.</source>
        <translation>Première fois ici ? Une courte visite guidée montre le chemin, sur des fantômes : aucune vraie patiente, et rien n’est modifié ni signé par elle.</translation>
    </message>
    <message>
        <source>New keys</source>
        <translation>Nouveau raccourci</translation>
    </message>
    <message>
        <source>New library</source>
        <translation>Nouvelle bibliothèque</translation>
    </message>
    <message>
        <source>New library...</source>
        <translation>Nouvelle bibliothèque...</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>Nouveau mot de passe</translation>
    </message>
    <message>
        <source>New password, if any</source>
        <translation>Nouveau mot de passe, s’il y a lieu</translation>
    </message>
    <message>
        <source>New patient</source>
        <translation>Nouvelle patiente</translation>
    </message>
    <message>
        <source>New recovery key</source>
        <translation>Nouvelle clé de récupération</translation>
    </message>
    <message>
        <source>New recovery key...</source>
        <translation>Nouvelle clé de récupération...</translation>
    </message>
    <message>
        <source>New shortcut</source>
        <translation>Nouveau raccourci</translation>
    </message>
    <message>
        <source>New task</source>
        <translation>Nouvelle tâche</translation>
    </message>
    <message>
        <source>New task...</source>
        <translation>Nouvelle tâche...</translation>
    </message>
    <message>
        <source>New visit</source>
        <translation>Nouvelle consultation</translation>
    </message>
    <message>
        <source>New: {records}</source>
        <translation>Nouveau : {records}</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Suivant</translation>
    </message>
    <message>
        <source>Next area of the page</source>
        <translation>Zone suivante de la page</translation>
    </message>
    <message>
        <source>Next pair, without reading</source>
        <translation>Paire suivante, sans lire</translation>
    </message>
    <message>
        <source>Next step</source>
        <translation>Étape suivante</translation>
    </message>
    <message>
        <source>Next visit</source>
        <translation>Consultation suivante</translation>
    </message>
    <message>
        <source>Next with words (N)</source>
        <translation>Suivante avec des mots (N)</translation>
    </message>
    <message>
        <source>Nil or diffuse</source>
        <translation>Absents ou diffus</translation>
    </message>
    <message>
        <source>Nil or transparent</source>
        <translation>Nulle ou transparente</translation>
    </message>
    <message>
        <source>Nine groups of four letters and digits. Whoever signs in so becomes an administrator of the library.</source>
        <translation>Neuf groupes de quatre lettres et chiffres. Qui se connecte ainsi devient administrateur de la bibliothèque.</translation>
    </message>
    <message>
        <source>No</source>
        <translation>Non</translation>
    </message>
    <message>
        <source>No acetowhite epithelium, and lesion {lesions} shows it</source>
        <translation>Pas d’épithélium acétoblanc, et la lésion {lesions} en montre</translation>
    </message>
    <message>
        <source>No answer is given from both: {reason}. The pictures can be looked at together.</source>
        <translation>Aucune réponse n’est donnée à partir des deux : {reason}. Les images peuvent être regardées ensemble.</translation>
    </message>
    <message>
        <source>No answer: refused</source>
        <translation>Pas de réponse : refus</translation>
    </message>
    <message>
        <source>No answer: {reason}</source>
        <translation>Pas de réponse : {reason}</translation>
    </message>
    <message>
        <source>No backup was found in {folder}: the disk may not be connected.</source>
        <translation>Aucune sauvegarde trouvée dans {folder} : le disque n’est peut-être pas connecté.</translation>
    </message>
    <message>
        <source>No bands</source>
        <translation>Aucune interprétation</translation>
    </message>
    <message>
        <source>No camera is chosen on this workstation yet. Press D, or Device below, to choose one.</source>
        <translation>Aucune caméra n’est encore choisie sur ce poste de travail. Appuyez sur D, ou sur Appareil ci-dessous, pour en choisir une.</translation>
    </message>
    <message>
        <source>No camera takes pictures of this shape: give the picture as the camera took it, neither cut nor squeezed.</source>
        <translation>Aucune caméra ne prend d’images de cette forme : fournissez l’image telle que la caméra l’a prise, ni coupée ni écrasée.</translation>
    </message>
    <message>
        <source>No case can be learned from: all that have a label are left out, for the reasons below.</source>
        <translation>Aucun cas ne peut servir à l’apprentissage : tous ceux qui ont une étiquette sont écartés, pour les raisons ci-dessous.</translation>
    </message>
    <message>
        <source>No case has a label yet. Grade pairs in Annotate, or enter histology in Review.</source>
        <translation>Aucun cas n’a encore d’étiquette. Attribuez un grade à des paires dans Annotation, ou saisissez l’histologie dans Lecture.</translation>
    </message>
    <message>
        <source>No clip in this visit yet. R records one.</source>
        <translation>Pas encore de clip dans cette consultation. R en enregistre un.</translation>
    </message>
    <message>
        <source>No clip was recorded.</source>
        <translation>Aucun clip n’a été enregistré.</translation>
    </message>
    <message>
        <source>No dark frame was subtracted: {why}. Take a new one.</source>
        <translation>Aucune image noire n’a été soustraite : {why}. Prenez-en une nouvelle.</translation>
    </message>
    <message>
        <source>No earlier visit of this woman has pictures.</source>
        <translation>Aucune consultation antérieure de cette patiente n’a d’images.</translation>
    </message>
    <message>
        <source>No epoch was better than the model before: only its calibration is new.</source>
        <translation>Aucune époque n’a été meilleure que le modèle d’avant : seul son étalonnage est nouveau.</translation>
    </message>
    <message>
        <source>No error to show yet: up to 3 pairs always fit.</source>
        <translation>Pas encore d’erreur à montrer : jusqu’à 3 paires s’ajustent toujours.</translation>
    </message>
    <message>
        <source>No filter</source>
        <translation>Sans filtre</translation>
    </message>
    <message>
        <source>No fluorescence picture here: add one for a pair, or go on with one source.</source>
        <translation>Pas d’image en fluorescence ici : ajoutez-en une pour former une paire, ou continuez avec une seule source.</translation>
    </message>
    <message>
        <source>No fluorescence picture in this pair</source>
        <translation>Pas d’image en fluorescence dans cette paire</translation>
    </message>
    <message>
        <source>No fluorescence: {why}</source>
        <translation>Pas de fluorescence : {why}</translation>
    </message>
    <message>
        <source>No folder for backups is chosen yet. Best is one on another disk, kept away from this computer.</source>
        <translation>Aucun dossier de sauvegarde n’est encore choisi. Le mieux est d’en prendre un sur un autre disque, conservé ailleurs que cet ordinateur.</translation>
    </message>
    <message>
        <source>No folder is chosen yet.</source>
        <translation>Aucun dossier n’est encore choisi.</translation>
    </message>
    <message>
        <source>No keys</source>
        <translation>Aucun raccourci</translation>
    </message>
    <message>
        <source>No keys of its own: Tab goes from one control to the next, Space and Enter press.</source>
        <translation>Pas de touches propres : Tab passe d’une commande à la suivante, Espace et Entrée l’actionnent.</translation>
    </message>
    <message>
        <source>No lesion is documented. Each has its own signs and scores.</source>
        <translation>Aucune lésion n’est documentée. Chacune a ses propres signes et scores.</translation>
    </message>
    <message>
        <source>No lesion, and lesion {lesions} is on record</source>
        <translation>Aucune lésion, alors que la lésion {lesions} est enregistrée</translation>
    </message>
    <message>
        <source>No letter is due.</source>
        <translation>Aucun courrier à envoyer.</translation>
    </message>
    <message>
        <source>No map</source>
        <translation>Aucune carte</translation>
    </message>
    <message>
        <source>No model on this computer. Pictures can be looked at, registered and reported; there is no AI answer.

Bring a model folder with `pfm models import FOLDER`, or put it into:
{folder}</source>
        <translation>Aucun modèle sur cet ordinateur. Les images peuvent être regardées, recalées et faire l’objet d’un compte rendu ; il n’y a pas de réponse de l’IA.

Apportez un dossier de modèle avec `pfm models import FOLDER`, ou placez-le dans :
{folder}</translation>
    </message>
    <message>
        <source>No os is suggested in pictures that cannot be used.</source>
        <translation>Aucun orifice n’est suggéré dans des images inutilisables.</translation>
    </message>
    <message>
        <source>No os was found in these pictures.</source>
        <translation>Aucun orifice n’a été trouvé dans ces images.</translation>
    </message>
    <message>
        <source>No pair</source>
        <translation>Aucune paire</translation>
    </message>
    <message>
        <source>No pair is guessed: choose one picture of each source and make them a pair (P).</source>
        <translation>Aucune paire n’est supposée : choisissez une image de chaque source et formez-en une paire (P).</translation>
    </message>
    <message>
        <source>No pair of these pictures is on record yet. Show the pictures and put two on the stage, or add pictures.</source>
        <translation>Aucune paire de ces images n’est encore consignée. Affichez les images et placez-en deux dans la zone d’image, ou ajoutez des images.</translation>
    </message>
    <message>
        <source>No pair yet</source>
        <translation>Pas encore de paire</translation>
    </message>
    <message>
        <source>No picture can be moved. {reason}</source>
        <translation>Aucune image ne peut être déplacée. {reason}</translation>
    </message>
    <message>
        <source>No picture on the stage to compare with.</source>
        <translation>Aucune image dans la zone d’image à comparer.</translation>
    </message>
    <message>
        <source>No picture on the stage.</source>
        <translation>Aucune image dans la zone d’image.</translation>
    </message>
    <message>
        <source>No picture on the stage. Choose one in the filmstrip below.</source>
        <translation>Aucune image dans la zone d’image. Choisissez-en une dans la bande d’images ci-dessous.</translation>
    </message>
    <message>
        <source>No picture was found here.</source>
        <translation>Aucune image n’a été trouvée ici.</translation>
    </message>
    <message>
        <source>No picture was found there. Choose another folder, zip or file.</source>
        <translation>Aucune image n’y a été trouvée. Choisissez un autre dossier, zip ou fichier.</translation>
    </message>
    <message>
        <source>No picture would go out.</source>
        <translation>Aucune image ne sortirait.</translation>
    </message>
    <message>
        <source>No pictures can be brought in</source>
        <translation>Aucune image ne peut être importée</translation>
    </message>
    <message>
        <source>No pictures can be brought into this library: {reason}.</source>
        <translation>Aucune image ne peut être importée dans cette bibliothèque : {reason}.</translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, and the engine reads them.</source>
        <translation>Aucune image dans cette consultation pour l’instant. Ajoutez des images, et le moteur les lit.</translation>
    </message>
    <message>
        <source>No pictures in this visit yet. Add pictures, or drop files here.</source>
        <translation>Aucune image dans cette consultation pour l’instant. Ajoutez des images, ou déposez des fichiers ici.</translation>
    </message>
    <message>
        <source>No pins yet. Press P on the stage, then click where the biopsy is taken.</source>
        <translation>Aucun repère pour l’instant. Appuyez sur P dans la zone d’image, puis cliquez à l’endroit où la biopsie est faite.</translation>
    </message>
    <message>
        <source>No readers differ in this task</source>
        <translation>Aucun désaccord entre lecteurs dans cette tâche</translation>
    </message>
    <message>
        <source>No region drawn</source>
        <translation>Aucune région tracée</translation>
    </message>
    <message>
        <source>No result</source>
        <translation>Aucun résultat</translation>
    </message>
    <message>
        <source>No result is awaited.

A biopsy pin set in Review, or a specimen added beside it, is waited for here until its result is entered.</source>
        <translation>Aucun résultat n’est attendu.

Un repère de biopsie posé dans Lecture, ou un prélèvement ajouté à côté, est attendu ici jusqu’à la saisie de son résultat.</translation>
    </message>
    <message>
        <source>No result of histology is overdue.</source>
        <translation>Aucun résultat d’histologie n’est en retard.</translation>
    </message>
    <message>
        <source>No step is left</source>
        <translation>Aucune étape restante</translation>
    </message>
    <message>
        <source>No tasks yet.

A clinician of this library makes them; they are listed here then. F5 looks again.</source>
        <translation>Aucune tâche pour l’instant.

Un clinicien de cette bibliothèque les crée ; elles sont alors listées ici. F5 actualise.</translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names and findings.
Choose New task to make the first one from a search.</source>
        <translation>Aucune tâche pour l’instant.

Une tâche est un ensemble de paires auxquelles des personnes attribuent un grade sans voir ni les noms, ni les constatations.
Choisissez Nouvelle tâche pour créer la première à partir d’une recherche.</translation>
    </message>
    <message>
        <source>No tasks yet.

A task is a set of pairs that people grade without names, findings or AI.
Choose New task to make the first one from a search.</source>
        <translation>Aucune tâche pour l’instant.

Une tâche est un ensemble de paires auxquelles des personnes attribuent un grade sans voir ni les noms, ni les constatations, ni la réponse de l’IA.
Choisissez Nouvelle tâche pour créer la première à partir d’une recherche.</translation>
    </message>
    <message>
        <source>No tasks yet.

This library is open for reading only.</source>
        <translation>Aucune tâche pour l’instant.

Cette bibliothèque est ouverte en lecture seule.</translation>
    </message>
    <message>
        <source>No tissue near it stayed as it was: click on normal tissue yourself.</source>
        <translation>Aucun tissu proche n’est resté inchangé : cliquez vous-même sur du tissu normal.</translation>
    </message>
    <message>
        <source>No visit is chosen.</source>
        <translation>Aucune consultation n’est choisie.</translation>
    </message>
    <message>
        <source>No visit is found: change the search</source>
        <translation>Aucune consultation trouvée : modifiez la recherche</translation>
    </message>
    <message>
        <source>No visit is open</source>
        <translation>Aucune consultation n’est ouverte</translation>
    </message>
    <message>
        <source>No visit is open.</source>
        <translation>Aucune consultation n’est ouverte.</translation>
    </message>
    <message>
        <source>No visit is open. Choose one in Today.</source>
        <translation>Aucune consultation n’est ouverte. Choisissez-en une dans Aujourd’hui.</translation>
    </message>
    <message>
        <source>No visit open</source>
        <translation>Aucune consultation ouverte</translation>
    </message>
    <message>
        <source>No visit that you read has a result of histology yet.

Once results are entered here, your impressions are compared with them, for you alone.</source>
        <translation>Aucune consultation que vous ayez lue n’a encore de résultat d’histologie.

Une fois les résultats saisis ici, vos impressions leur sont comparées, pour vous seul(e).</translation>
    </message>
    <message>
        <source>No visit today.</source>
        <translation>Aucune consultation aujourd’hui.</translation>
    </message>
    <message>
        <source>No visits yet.

Choose New patient to add the first one, or drop two picture files here.
Folders or zips with pictures of many visits are brought in by Import pictures, or dropped here.</source>
        <translation>Aucune consultation pour l’instant.

Choisissez Nouvelle patiente pour ajouter la première, ou déposez deux fichiers d’image ici.
Les dossiers ou zips contenant les images de nombreuses consultations s’importent avec Importer des images, ou se déposent ici.</translation>
    </message>
    <message>
        <source>No visits yet.

This library is open for reading only.</source>
        <translation>Aucune consultation pour l’instant.

Cette bibliothèque est ouverte en lecture seule.</translation>
    </message>
    <message>
        <source>No white light picture here: add one for a pair, or go on with one source.</source>
        <translation>Aucune image en lumière blanche ici : ajoutez-en une pour former une paire, ou continuez avec une seule source.</translation>
    </message>
    <message>
        <source>No white-light picture after acetic acid in this visit.</source>
        <translation>Aucune image en lumière blanche après acide acétique dans cette consultation.</translation>
    </message>
    <message>
        <source>No white-light picture in this pair</source>
        <translation>Aucune image en lumière blanche dans cette paire</translation>
    </message>
    <message>
        <source>No whitening so far ({frames} frames).</source>
        <translation>Aucun blanchiment jusqu’ici ({frames} images).</translation>
    </message>
    <message>
        <source>Nobody has said who the woman is: give the visit to her (Capture, or Ctrl+M in Today), then sign it.</source>
        <translation>Personne n’a indiqué qui est la patiente : attribuez-lui la consultation (Acquisition, ou Ctrl+M dans Aujourd’hui), puis signez-la.</translation>
    </message>
    <message>
        <source>Nobody has said whose these visits are: assign them to patients first.</source>
        <translation>Personne n’a indiqué à qui sont ces consultations : attribuez-les d’abord à des patientes.</translation>
    </message>
    <message>
        <source>Nobody has the identifier {identifier} in this library: she will be added.</source>
        <translation>Personne n’a l’identifiant {identifier} dans cette bibliothèque : la patiente sera ajoutée.</translation>
    </message>
    <message>
        <source>Nobody is found. Search by name, ID or date.</source>
        <translation>Personne n’a été trouvé. Cherchez par nom, identifiant ou date.</translation>
    </message>
    <message>
        <source>Nobody on record fits. Enter her below as a new patient.</source>
        <translation>Aucune patiente enregistrée ne correspond. Saisissez-la ci-dessous comme nouvelle patiente.</translation>
    </message>
    <message>
        <source>Non-specific</source>
        <translation>Non spécifiques</translation>
    </message>
    <message>
        <source>None comes again: a repeat comes {gap} pairs or more after the first read, and this task is too short for that.</source>
        <translation>Aucune ne revient : une répétition vient {gap} paires ou plus après la première lecture, et cette tâche est trop courte pour cela.</translation>
    </message>
    <message numerus="yes">
        <source>None comes again: the share is less than one of %n pair(s).</source>
        <translation>
            <numerusform>Aucune ne revient : la part représente moins d’une paire sur %n.</numerusform>
            <numerusform>Aucune ne revient : la part représente moins d’une paire sur %n.</numerusform>
        </translation>
    </message>
    <message>
        <source>Normal</source>
        <comment>grade</comment>
        <translation>Normal</translation>
    </message>
    <message>
        <source>Normal findings</source>
        <translation>Constatations normales</translation>
    </message>
    <message>
        <source>Normal tissue</source>
        <translation>Tissu normal</translation>
    </message>
    <message>
        <source>Not aligned</source>
        <translation>Non alignées</translation>
    </message>
    <message>
        <source>Not all was read. F5 reads again.</source>
        <translation>Tout n’a pas été lu. F5 relit.</translation>
    </message>
    <message>
        <source>Not brought in: {problem}</source>
        <translation>Non importée : {problem}</translation>
    </message>
    <message>
        <source>Not brought in: {reason}</source>
        <translation>Non importé : {reason}</translation>
    </message>
    <message>
        <source>Not calibrated so far.</source>
        <translation>Pas étalonné jusqu’ici.</translation>
    </message>
    <message>
        <source>Not checked. {message}</source>
        <translation>Non vérifié. {message}</translation>
    </message>
    <message>
        <source>Not decided yet</source>
        <translation>Pas encore arbitrée</translation>
    </message>
    <message>
        <source>Not encrypted</source>
        <translation>Non chiffrée</translation>
    </message>
    <message>
        <source>Not exported</source>
        <translation>Non exporté</translation>
    </message>
    <message>
        <source>Not exported. {message}</source>
        <translation>Non exporté. {message}</translation>
    </message>
    <message>
        <source>Not exported. {why}</source>
        <translation>Non exporté. {why}</translation>
    </message>
    <message>
        <source>Not filled from what was drawn: {why}.</source>
        <translation>Non rempli à partir des tracés : {why}.</translation>
    </message>
    <message>
        <source>Not graded: {reason}</source>
        <translation>Sans grade : {reason}</translation>
    </message>
    <message>
        <source>Not in the library yet. It is held here and tried again.</source>
        <translation>Pas encore dans la bibliothèque. Conservé ici ; nouvel essai en cours.</translation>
    </message>
    <message>
        <source>Not kept yet: {texts}. What is wrong stands beside it. Stay to put it right.</source>
        <translation>Pas encore enregistré : {texts}. L’erreur est indiquée à côté du champ. Restez pour la corriger.</translation>
    </message>
    <message>
        <source>Not kept yet: {texts}. {why} Stay, and it is kept as soon as that is possible.</source>
        <translation>Pas encore conservé : {texts}. {why} Restez ici : ce sera conservé dès que possible.</translation>
    </message>
    <message>
        <source>Not kept: {why}.</source>
        <translation>Non conservé : {why}.</translation>
    </message>
    <message>
        <source>Not known to be hers: they came before this visit was open here, or while nobody looked.</source>
        <translation>Rien n’indique qu’elles sont à cette patiente : elles sont arrivées avant l’ouverture de cette consultation ici, ou pendant que personne ne regardait.</translation>
    </message>
    <message>
        <source>Not known whose ({folder})</source>
        <translation>Patiente inconnue ({folder})</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>Pas maintenant</translation>
    </message>
    <message>
        <source>Not read yet</source>
        <translation>Pas encore lue</translation>
    </message>
    <message>
        <source>Not registered: side by side</source>
        <translation>Non recalée : côte à côte</translation>
    </message>
    <message>
        <source>Not registered: {cause}.</source>
        <translation>Non recalée : {cause}.</translation>
    </message>
    <message>
        <source>Not saved. {message}</source>
        <translation>Non enregistré. {message}</translation>
    </message>
    <message>
        <source>Not scored: Swede score.</source>
        <translation>Non coté : score de Swede.</translation>
    </message>
    <message>
        <source>Not signed</source>
        <translation>Non signée</translation>
    </message>
    <message>
        <source>Not signed: a draft.</source>
        <translation>Non signé : brouillon.</translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, other weights, this one by {this}.</source>
        <translation>Ce n’est pas la réponse qui a été révélée : celle-là venait de {revealed}, avec d’autres poids, celle-ci de {this}.</translation>
    </message>
    <message>
        <source>Not the answer that was revealed: that was given by {revealed}, this one by {this}.</source>
        <translation>Ce n’est pas la réponse qui a été révélée : celle-là venait de {revealed}, celle-ci de {this}.</translation>
    </message>
    <message>
        <source>Not to be promoted without a reason:</source>
        <translation>À ne pas promouvoir sans motif :</translation>
    </message>
    <message>
        <source>Not to be relied on: {wrong} found wrong in {lines} lines.</source>
        <translation>Ne pas s’y fier. Erreurs trouvées : {wrong} ; lignes : {lines}.</translation>
    </message>
    <message>
        <source>Not used: its name leads to the model in {folder}.</source>
        <translation>Non utilisé : son nom mène au modèle dans {folder}.</translation>
    </message>
    <message>
        <source>Not {asked:,}: the task is too short for more.</source>
        <translation>Pas {asked:,} : la tâche est trop courte pour davantage.</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Note</translation>
    </message>
    <message>
        <source>Note on a pin</source>
        <translation>Note sur un repère</translation>
    </message>
    <message>
        <source>Note on pin {letter}</source>
        <translation>Note sur le repère {letter}</translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) is kept, and waits for the grade</source>
        <translation>
            <numerusform>La note, la qualité ou la région de %n paire est conservée et attend le grade</numerusform>
            <numerusform>La note, la qualité ou la région de %n paires est conservée et attend le grade</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Note, quality or region of %n pair(s) waits for the grade, and is not all on disk</source>
        <translation>
            <numerusform>La note, la qualité ou la région de %n paire attend le grade et n’est pas entièrement sur le disque</numerusform>
            <numerusform>La note, la qualité ou la région de %n paires attend le grade et n’est pas entièrement sur le disque</numerusform>
        </translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notes</translation>
    </message>
    <message>
        <source>Nothing can be taken: {why}.</source>
        <translation>Rien ne peut être pris : {why}.</translation>
    </message>
    <message>
        <source>Nothing found for "{search}" among {only}.</source>
        <translation>Aucun résultat pour « {search} » parmi « {only} ».</translation>
    </message>
    <message>
        <source>Nothing found for "{search}" in this list.

Escape in the search field shows all of it.</source>
        <translation>Aucun résultat pour « {search} » dans cette liste.

Échap dans le champ de recherche l’affiche en entier.</translation>
    </message>
    <message>
        <source>Nothing found for "{search}".</source>
        <translation>Aucun résultat pour « {search} ».</translation>
    </message>
    <message>
        <source>Nothing found.

No line fits all of the filters. Clear one of them, or all.</source>
        <translation>Aucun résultat.

Aucune ligne ne répond à tous les filtres. Effacez-en un, ou tous.</translation>
    </message>
    <message>
        <source>Nothing found: the first day comes after the last one.

Change the days, or clear the filters.</source>
        <translation>Aucun résultat : le premier jour vient après le dernier.

Modifiez les jours, ou effacez les filtres.</translation>
    </message>
    <message>
        <source>Nothing is brought in yet. You can go on working meanwhile.</source>
        <translation>Rien n’est encore importé. Vous pouvez continuer à travailler en attendant.</translation>
    </message>
    <message>
        <source>Nothing is drawn</source>
        <translation>Rien n’est tracé</translation>
    </message>
    <message>
        <source>Nothing is drawn across this registration: it is for looking only. Draw on the white-light picture, or register the pair again.</source>
        <translation>Rien ne se trace à travers ce recalage : il sert seulement à regarder. Tracez sur l’image en lumière blanche, ou recalez de nouveau la paire.</translation>
    </message>
    <message>
        <source>Nothing is kept: every run of the program has ended as it should, or what was known of it was removed.</source>
        <translation>Rien n’est conservé : le programme s’est toujours terminé normalement, ou ce que l’on en savait a été supprimé.</translation>
    </message>
    <message>
        <source>Nothing is marked, read or kept here.</source>
        <translation>Rien n’est marqué, lu ni conservé ici.</translation>
    </message>
    <message>
        <source>Nothing is on record yet.

Every change, reveal, export and setting will stand here.</source>
        <translation>Rien n’est encore consigné.

Chaque modification, révélation, export et réglage figurera ici.</translation>
    </message>
    <message>
        <source>Nothing is taken before that is said.</source>
        <translation>Rien n’est pris avant que cela soit indiqué.</translation>
    </message>
    <message>
        <source>Nothing is to be discussed.</source>
        <translation>Rien à discuter.</translation>
    </message>
    <message>
        <source>Nothing is to be discussed.

Visits come here by themselves where histology and impression are two grades apart, and where the follow-up says so.</source>
        <translation>Rien à discuter.

Les consultations arrivent ici d’elles-mêmes lorsque l’histologie et l’impression diffèrent d’au moins deux grades, ou lorsque le suivi l’indique.</translation>
    </message>
    <message>
        <source>Nothing more to decide here.

Left goes back, T to the tasks.</source>
        <translation>Plus rien à arbitrer ici.

Gauche revient en arrière, T va aux tâches.</translation>
    </message>
    <message>
        <source>Nothing on this computer opens folders. It is here: {folder}</source>
        <translation>Aucun programme de cet ordinateur n’ouvre les dossiers. Il est ici : {folder}</translation>
    </message>
    <message>
        <source>Nothing speaks against it: none of {measures} is worse beyond chance.</source>
        <translation>Rien ne s’y oppose : aucune des mesures ({measures}) n’est moins bonne au-delà du hasard.</translation>
    </message>
    <message>
        <source>Nothing taken yet</source>
        <translation>Rien de pris pour l’instant</translation>
    </message>
    <message>
        <source>Nothing to compare yet: no pair of this task was graded twice.</source>
        <translation>Rien à comparer pour l’instant : aucune paire de cette tâche n’a reçu deux grades.</translation>
    </message>
    <message>
        <source>Nothing to import</source>
        <translation>Rien à importer</translation>
    </message>
    <message>
        <source>Nothing to import yet</source>
        <translation>Rien à importer pour l’instant</translation>
    </message>
    <message>
        <source>Nothing was added yet. What is marked above is already in another visit, or seems to be of another woman or day: remove it, or add it all the same.</source>
        <translation>Rien n’a encore été ajouté. Ce qui est marqué ci-dessus est déjà dans une autre consultation, ou semble être d’une autre patiente ou d’un autre jour : retirez-le, ou ajoutez-le malgré tout.</translation>
    </message>
    <message>
        <source>Nothing was changed. Keep the backups there are; ask who looks after the computers (pfm library repair).</source>
        <translation>Rien n’a été modifié. Gardez les sauvegardes existantes ; demandez à la personne qui s’occupe des ordinateurs (pfm library repair).</translation>
    </message>
    <message>
        <source>Nothing was learned from this library yet.</source>
        <translation>Rien n’a encore été appris de cette bibliothèque.</translation>
    </message>
    <message>
        <source>Nothing was left out.</source>
        <translation>Rien n’a été écarté.</translation>
    </message>
    <message>
        <source>Nov</source>
        <translation>nov.</translation>
    </message>
    <message>
        <source>November</source>
        <translation>novembre</translation>
    </message>
    <message>
        <source>Now click on normal pink tissue: the whitening of the place is told against it.</source>
        <translation>Cliquez maintenant sur du tissu rose normal : le blanchiment de l’emplacement est évalué par rapport à lui.</translation>
    </message>
    <message>
        <source>Now click on the other end.</source>
        <translation>Cliquez maintenant sur l’autre extrémité.</translation>
    </message>
    <message>
        <source>Now the same spot in the Lugol's iodine picture.</source>
        <translation>Maintenant le même point sur l’image au lugol.</translation>
    </message>
    <message>
        <source>Now the same spot in the fluorescence picture.</source>
        <translation>Maintenant le même point sur l’image en fluorescence.</translation>
    </message>
    <message>
        <source>Now the same spot in the green filter picture.</source>
        <translation>Maintenant le même point sur l’image au filtre vert.</translation>
    </message>
    <message>
        <source>Now the same spot in the white-light picture.</source>
        <translation>Maintenant le même point sur l’image en lumière blanche.</translation>
    </message>
    <message>
        <source>Now: {language}</source>
        <translation>Actuellement : {language}</translation>
    </message>
    <message>
        <source>Number</source>
        <comment>of the laboratory</comment>
        <translation>Numéro</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Numéro</translation>
    </message>
    <message>
        <source>Numbered: the places that were measured.</source>
        <translation>Numérotés : les emplacements mesurés.</translation>
    </message>
    <message>
        <source>Numbered: the places that were measured; dashed: tissue named as normal.</source>
        <translation>Numérotés : les emplacements mesurés ; en tirets : le tissu désigné comme normal.</translation>
    </message>
    <message>
        <source>O'clock</source>
        <translation>Position horaire</translation>
    </message>
    <message>
        <source>Oct</source>
        <translation>oct.</translation>
    </message>
    <message>
        <source>October</source>
        <translation>octobre</translation>
    </message>
    <message numerus="yes">
        <source>Of %n visit(s) the AI gave no grade.</source>
        <translation>
            <numerusform>Pour %n consultation, l’IA n’a attribué aucun grade.</numerusform>
            <numerusform>Pour %n consultations, l’IA n’a attribué aucun grade.</numerusform>
        </translation>
    </message>
    <message>
        <source>Of lesion</source>
        <translation>De la lésion</translation>
    </message>
    <message>
        <source>Of the cervix</source>
        <translation>Part du col</translation>
    </message>
    <message>
        <source>Of the window and of what it prints, from the next start on.</source>
        <translation>Langue de l’écran et des impressions ; prend effet au prochain démarrage.</translation>
    </message>
    <message>
        <source>Of women with a biopsy alone: sensitivity looks better than it is, specificity worse.</source>
        <translation>Seulement des patientes ayant eu une biopsie : la sensibilité paraît meilleure qu’elle ne l’est, la spécificité moins bonne.</translation>
    </message>
    <message>
        <source>Off the record. Edit &gt; Undo or Redo brings it back.</source>
        <translation>Retirée du registre. Édition &gt; Annuler ou Rétablir la fait revenir.</translation>
    </message>
    <message>
        <source>Offer of a tour</source>
        <translation>Proposition de visite guidée</translation>
    </message>
    <message>
        <source>Old and new model on the locked test</source>
        <translation>Ancien et nouveau modèle sur le test verrouillé</translation>
    </message>
    <message>
        <source>On</source>
        <comment>on which picture</comment>
        <translation>Image</translation>
    </message>
    <message>
        <source>On its way to the library ...</source>
        <translation>En route vers la bibliothèque ...</translation>
    </message>
    <message>
        <source>On the locked test</source>
        <translation>Sur le test verrouillé</translation>
    </message>
    <message>
        <source>On the picture of</source>
        <translation>Sur l’image de</translation>
    </message>
    <message>
        <source>On the pictures</source>
        <translation>Sur les images</translation>
    </message>
    <message>
        <source>On this computer {model} answers.</source>
        <translation>Sur cet ordinateur, {model} répond.</translation>
    </message>
    <message>
        <source>On {moment} the program ended without being closed. What helps to find out why can be saved as one file. It holds nothing of any patient.</source>
        <translation>Le {moment}, le programme s’est terminé sans avoir été fermé. Ce qui aide à comprendre pourquoi peut être enregistré dans un seul fichier. Il ne contient rien sur aucune patiente.</translation>
    </message>
    <message>
        <source>On {picture}</source>
        <translation>Image : {picture}</translation>
    </message>
    <message>
        <source>Once it is closed there it can be opened for writing here</source>
        <translation>Une fois fermée là-bas, elle pourra être ouverte ici en écriture</translation>
    </message>
    <message>
        <source>Once you gave your grade. It goes on record.</source>
        <translation>Une fois votre grade attribué. C’est consigné.</translation>
    </message>
    <message>
        <source>One camera, a lamp switched between white light and fluorescence</source>
        <translation>Une caméra, une lampe commutée entre lumière blanche et fluorescence</translation>
    </message>
    <message>
        <source>One camera, white light only</source>
        <translation>Une caméra, lumière blanche seulement</translation>
    </message>
    <message>
        <source>One can go on working meanwhile, and stop it at any time.</source>
        <translation>On peut continuer à travailler en attendant, et arrêter à tout moment.</translation>
    </message>
    <message>
        <source>One picture</source>
        <translation>Une seule image</translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel</source>
        <translation>Un pixel d’image par pixel d’écran</translation>
    </message>
    <message>
        <source>One picture pixel a screen pixel (Z)</source>
        <translation>Un pixel d’image par pixel d’écran (Z)</translation>
    </message>
    <message>
        <source>One picture, to draw boxes that will be black</source>
        <translation>Une image, pour tracer des cadres qui seront noirs</translation>
    </message>
    <message>
        <source>One source only: {source}</source>
        <translation>Une seule source : {source}</translation>
    </message>
    <message>
        <source>One source only: {source}. The other one was not given.</source>
        <translation>Une seule source : {source}. L’autre n’a pas été donnée.</translation>
    </message>
    <message>
        <source>One to one</source>
        <translation>Échelle 1:1</translation>
    </message>
    <message>
        <source>One visit</source>
        <translation>Une consultation</translation>
    </message>
    <message>
        <source>Only one picture has its seconds since acetic acid: there is nothing to play.</source>
        <translation>Une seule image a ses secondes depuis l’acide acétique : il n’y a rien à lire.</translation>
    </message>
    <message>
        <source>Only pairs without a label</source>
        <translation>Seulement les paires sans étiquette</translation>
    </message>
    <message numerus="yes">
        <source>Only pairs without a label ({unlabelled:,} of %n visits)</source>
        <translation>
            <numerusform>Seulement les paires sans étiquette ({unlabelled:,} sur %n consultation)</numerusform>
            <numerusform>Seulement les paires sans étiquette ({unlabelled:,} sur %n consultations)</numerusform>
        </translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Opacité</translation>
    </message>
    <message>
        <source>Opacity of the fluorescence picture</source>
        <translation>Opacité de l’image en fluorescence</translation>
    </message>
    <message>
        <source>Opacity of the model attention</source>
        <translation>Opacité de l’attention du modèle</translation>
    </message>
    <message>
        <source>Opacity of the {what} picture</source>
        <translation>Opacité de l’image : {what}</translation>
    </message>
    <message>
        <source>Open a library first</source>
        <translation>Ouvrez d’abord une bibliothèque</translation>
    </message>
    <message>
        <source>Open a visit on Today first</source>
        <translation>Ouvrez d’abord une consultation dans Aujourd’hui</translation>
    </message>
    <message>
        <source>Open another library once more</source>
        <translation>Ouvrez encore une fois une autre bibliothèque</translation>
    </message>
    <message>
        <source>Open another library...</source>
        <translation>Ouvrir une autre bibliothèque...</translation>
    </message>
    <message>
        <source>Open for &amp;writing</source>
        <translation>Ouvrir en écri&amp;ture</translation>
    </message>
    <message>
        <source>Open for writing</source>
        <translation>Ouvrir en écriture</translation>
    </message>
    <message>
        <source>Open in Review:</source>
        <translation>Ouverte dans Lecture :</translation>
    </message>
    <message>
        <source>Open it again</source>
        <translation>Rouvrir</translation>
    </message>
    <message>
        <source>Open it for writing once more</source>
        <translation>Ouvrez-la encore une fois en écriture</translation>
    </message>
    <message>
        <source>Open the aperture or raise the light, then retake.</source>
        <translation>Ouvrez le diaphragme ou augmentez la lumière, puis refaites l’image.</translation>
    </message>
    <message>
        <source>Open the camera again</source>
        <translation>Rouvrir la caméra</translation>
    </message>
    <message>
        <source>Open the demo library</source>
        <translation>Ouvrir la bibliothèque de démonstration</translation>
    </message>
    <message>
        <source>Open the demo library and take the tour</source>
        <translation>Ouvrir la bibliothèque de démonstration et suivre la visite guidée</translation>
    </message>
    <message>
        <source>Open the demo library once more</source>
        <translation>Ouvrez encore une fois la bibliothèque de démonstration</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>Ouvrir le dossier</translation>
    </message>
    <message>
        <source>Open the library in this folder</source>
        <translation>Ouvrir la bibliothèque de ce dossier</translation>
    </message>
    <message>
        <source>Open the other library without it</source>
        <translation>Ouvrir l’autre bibliothèque sans le conserver</translation>
    </message>
    <message>
        <source>Open the visit on which the list stands</source>
        <translation>Ouvrir la consultation sélectionnée dans la liste</translation>
    </message>
    <message>
        <source>Open this visit</source>
        <translation>Ouvrir cette consultation</translation>
    </message>
    <message>
        <source>Opening the camera ...</source>
        <translation>Ouverture de la caméra ...</translation>
    </message>
    <message>
        <source>Opening the library</source>
        <translation>Ouverture de la bibliothèque</translation>
    </message>
    <message>
        <source>Opening the library for writing</source>
        <translation>Ouverture de la bibliothèque en écriture</translation>
    </message>
    <message>
        <source>Opening {library}</source>
        <translation>Ouverture de {library}</translation>
    </message>
    <message>
        <source>Or click on one end of a known length, then on the other; zoom in (+) to be exact.</source>
        <translation>Ou cliquez sur une extrémité d’une longueur connue, puis sur l’autre ; agrandissez (+) pour être précis.</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>Ordre</translation>
    </message>
    <message>
        <source>Os</source>
        <translation>Orifice</translation>
    </message>
    <message>
        <source>Os mark</source>
        <translation>Marque de l’orifice</translation>
    </message>
    <message>
        <source>Os tool</source>
        <translation>Outil Orifice</translation>
    </message>
    <message>
        <source>Other grades are not excluded.</source>
        <translation>Les autres grades ne sont pas exclus.</translation>
    </message>
    <message>
        <source>Other libraries are not backed up by this.</source>
        <translation>Les autres bibliothèques ne sont pas sauvegardées par cette opération.</translation>
    </message>
    <message>
        <source>Other reason</source>
        <translation>Autre motif</translation>
    </message>
    <message>
        <source>Other visits</source>
        <translation>Autres consultations</translation>
    </message>
    <message>
        <source>Other visits of this woman</source>
        <translation>Autres consultations de cette patiente</translation>
    </message>
    <message>
        <source>Others spared (specificity)</source>
        <translation>Autres épargnés (spécificité)</translation>
    </message>
    <message>
        <source>Outlined: lesions as they were drawn, by number; dashed: the SCJ.</source>
        <translation>Contours : les lésions telles que tracées, par numéro ; en tirets : la JPC.</translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades.</source>
        <translation>Plus de 3 minutes depuis l’acide acétique : le blanchiment s’estompe.</translation>
    </message>
    <message>
        <source>Over 3 minutes since acetic acid: whitening fades. Take what is missing now.</source>
        <translation>Plus de 3 minutes depuis l’acide acétique : le blanchiment s’estompe. Prenez maintenant ce qui manque.</translation>
    </message>
    <message>
        <source>PDF (*.pdf)</source>
        <translation>PDF (*.pdf)</translation>
    </message>
    <message>
        <source>Page before</source>
        <translation>Page précédente</translation>
    </message>
    <message>
        <source>Page {title}</source>
        <translation>Page {title}</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Pages</translation>
    </message>
    <message>
        <source>Pair</source>
        <comment>of pictures</comment>
        <translation>Paire</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>Paire</translation>
    </message>
    <message>
        <source>Pair (internal number)</source>
        <translation>Paire (numéro interne)</translation>
    </message>
    <message>
        <source>Pair {number:,} of {pairs:,}</source>
        <translation>Paire {number:,} sur {pairs:,}</translation>
    </message>
    <message>
        <source>Pairs</source>
        <translation>Paires</translation>
    </message>
    <message>
        <source>Pairs one after the other by single keys, without names and without the AI: {annotate.grade_normal} normal to {annotate.grade_cancer} cancer, {annotate.undo} takes back. {annotate.new_task} makes a task.</source>
        <translation>Des paires l’une après l’autre, par de simples touches, sans noms et sans l’IA : {annotate.grade_normal} normal à {annotate.grade_cancer} cancer, {annotate.undo} annule. {annotate.new_task} crée une tâche.</translation>
    </message>
    <message>
        <source>Pairs that differ most from each other first</source>
        <translation>D’abord les paires qui diffèrent le plus entre elles</translation>
    </message>
    <message>
        <source>Pairs {pairs}</source>
        <translation>Paires {pairs}</translation>
    </message>
    <message>
        <source>Pan</source>
        <comment>to move pictures</comment>
        <translation>Déplacer</translation>
    </message>
    <message>
        <source>Pan tool</source>
        <translation>Outil Déplacer</translation>
    </message>
    <message>
        <source>Parity</source>
        <translation>Parité</translation>
    </message>
    <message>
        <source>Part &amp;pair</source>
        <translation>Séparer la &amp;paire</translation>
    </message>
    <message>
        <source>Part of this place is overexposed: it whitened by more than this says.</source>
        <translation>Une partie de cet emplacement est surexposée : il a blanchi davantage que ce qui est indiqué ici.</translation>
    </message>
    <message>
        <source>Partial uptake: variegated, speckled</source>
        <translation>Captation partielle : hétérogène, tachetée</translation>
    </message>
    <message>
        <source>Parts could not be read: {parts}.</source>
        <translation>Des parties n’ont pas pu être lues : {parts}.</translation>
    </message>
    <message>
        <source>Parts of the clip cannot be read: {problems}.</source>
        <translation>Des parties du clip sont illisibles : {problems}.</translation>
    </message>
    <message>
        <source>Parts of the whitening clip cannot be read: {problems}.</source>
        <translation>Des parties du clip de blanchiment sont illisibles : {problems}.</translation>
    </message>
    <message>
        <source>Pass a model on</source>
        <translation>Transmettre un modèle</translation>
    </message>
    <message>
        <source>Pass on...</source>
        <translation>Transmettre...</translation>
    </message>
    <message>
        <source>Passing a model on</source>
        <translation>Transmission d’un modèle</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Mot de passe</translation>
    </message>
    <message>
        <source>Pathologist</source>
        <translation>Pathologiste</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Patiente</translation>
    </message>
    <message>
        <source>Patient (internal number)</source>
        <translation>Patiente (numéro interne)</translation>
    </message>
    <message>
        <source>Patient ID</source>
        <translation>Identifiant de la patiente</translation>
    </message>
    <message>
        <source>Patient of this form</source>
        <translation>Patiente de ce formulaire</translation>
    </message>
    <message>
        <source>Patients without visits</source>
        <translation>Patientes sans consultation</translation>
    </message>
    <message>
        <source>Patients without visits...</source>
        <translation>Patientes sans consultation...</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>En pause</translation>
    </message>
    <message>
        <source>Paused. It waits until you let it go on.</source>
        <translation>En pause. L’apprentissage attend que vous le laissiez continuer.</translation>
    </message>
    <message>
        <source>People</source>
        <translation>Personnes</translation>
    </message>
    <message>
        <source>People of this library</source>
        <translation>Personnes de cette bibliothèque</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Image</translation>
    </message>
    <message>
        <source>Picture (internal number)</source>
        <translation>Image (numéro interne)</translation>
    </message>
    <message>
        <source>Picture of the sequence</source>
        <translation>Image de la séquence</translation>
    </message>
    <message>
        <source>Picture of the visit before, over the live one</source>
        <translation>Image de la consultation précédente, sur l’image en direct</translation>
    </message>
    <message>
        <source>Picture {name}</source>
        <translation>Image {name}</translation>
    </message>
    <message>
        <source>Picture {number} cannot be shown. {message}</source>
        <translation>L’image {number} ne peut pas être affichée. {message}</translation>
    </message>
    <message>
        <source>Picture {place} of {count}</source>
        <translation>Image {place} sur {count}</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Images</translation>
    </message>
    <message>
        <source>Pictures ({endings});;All files (*)</source>
        <translation>Images ({endings});;Tous les fichiers (*)</translation>
    </message>
    <message>
        <source>Pictures a second.</source>
        <translation>Images par seconde.</translation>
    </message>
    <message>
        <source>Pictures as they were taken</source>
        <translation>Images telles que prises</translation>
    </message>
    <message>
        <source>Pictures come from the folder.</source>
        <translation>Les images viennent du dossier.</translation>
    </message>
    <message>
        <source>Pictures for {identifier} were left out: {reason}. Look who she is, and confirm her.</source>
        <translation>Les images pour {identifier} ont été écartées : {reason}. Vérifiez qui est la patiente, et confirmez-la.</translation>
    </message>
    <message>
        <source>Pictures of earlier visits</source>
        <translation>Images des consultations antérieures</translation>
    </message>
    <message>
        <source>Pictures of earlier visits of this woman</source>
        <translation>Images des consultations antérieures de cette patiente</translation>
    </message>
    <message>
        <source>Pictures of {identifier} were added to her visit of {day}.</source>
        <translation>Les images de {identifier} ont été ajoutées à sa consultation du {day}.</translation>
    </message>
    <message>
        <source>Pictures of {identifier} will be added to her visit of {day}.</source>
        <translation>Les images de {identifier} seront ajoutées à sa consultation du {day}.</translation>
    </message>
    <message>
        <source>Pictures prepared</source>
        <translation>Images préparées</translation>
    </message>
    <message>
        <source>Pictures that appear in the folder go into the visit that is open then, as they are. Nothing in the folder is moved or deleted; what lies there already is brought in by Import.</source>
        <translation>Les images qui apparaissent dans le dossier vont dans la consultation alors ouverte, telles quelles. Rien n’est déplacé ni supprimé dans le dossier ; ce qui s’y trouve déjà s’importe avec Importer.</translation>
    </message>
    <message>
        <source>Pictures that wait</source>
        <translation>Images en attente</translation>
    </message>
    <message>
        <source>Pictures that would go out</source>
        <translation>Images qui sortiraient</translation>
    </message>
    <message>
        <source>Pictures themselves may still tell who somebody is, and so may a rare finding: pass it on under agreement.</source>
        <translation>Les images elles-mêmes peuvent encore révéler l’identité d’une personne, de même qu’une constatation rare : ne transmettez qu’avec un accord.</translation>
    </message>
    <message>
        <source>Pictures, videos, DICOM and zips (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)</source>
        <translation>Images, vidéos, DICOM et zips (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Repère</translation>
    </message>
    <message>
        <source>Pin tool</source>
        <translation>Outil Repère</translation>
    </message>
    <message>
        <source>Pin {letter}, {place}</source>
        <translation>Repère {letter}, {place}</translation>
    </message>
    <message>
        <source>Pins</source>
        <comment>tab</comment>
        <translation>Repères</translation>
    </message>
    <message>
        <source>Pins and pots</source>
        <translation>Repères et pots</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Emplacement</translation>
    </message>
    <message>
        <source>Place 4 points</source>
        <translation>Placer 4 points</translation>
    </message>
    <message>
        <source>Place a pin or the os at the cursor; close what is drawn</source>
        <translation>Placer un repère ou l’orifice au curseur ; fermer le tracé</translation>
    </message>
    <message>
        <source>Places on record</source>
        <translation>Emplacements consignés</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Conduite à tenir</translation>
    </message>
    <message>
        <source>Plan missing.</source>
        <translation>Conduite à tenir manquante.</translation>
    </message>
    <message>
        <source>Plan of examinations</source>
        <translation>Protocole des examens</translation>
    </message>
    <message>
        <source>Plan of examinations ...</source>
        <translation>Protocole des examens ...</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Lire</translation>
    </message>
    <message>
        <source>Play or pause (Space)</source>
        <translation>Lecture ou pause (Espace)</translation>
    </message>
    <message>
        <source>Play sequence</source>
        <translation>Lire la séquence</translation>
    </message>
    <message>
        <source>Play the acetic acid sequence</source>
        <translation>Lire la séquence à l’acide acétique</translation>
    </message>
    <message>
        <source>Player</source>
        <translation>Lecteur de séquence</translation>
    </message>
    <message>
        <source>Player: not the pair that is read.</source>
        <translation>Lecteur de séquence : ce n’est pas la paire à lire.</translation>
    </message>
    <message>
        <source>Player: the first picture</source>
        <translation>Lecteur de séquence : la première image</translation>
    </message>
    <message>
        <source>Player: the last picture</source>
        <translation>Lecteur de séquence : la dernière image</translation>
    </message>
    <message>
        <source>Player: the next picture</source>
        <translation>Lecteur de séquence : l’image suivante</translation>
    </message>
    <message>
        <source>Player: the picture before</source>
        <translation>Lecteur de séquence : l’image précédente</translation>
    </message>
    <message>
        <source>Points that are paired by hand</source>
        <translation>Points appariés à la main</translation>
    </message>
    <message>
        <source>Polariser</source>
        <translation>Polariseur</translation>
    </message>
    <message>
        <source>Port of the lamp</source>
        <translation>Port de la lampe</translation>
    </message>
    <message>
        <source>Positive uptake, mahogany brown; or yellow staining of a lesion of 3 or less on the other three; or iodine-negative areas beyond the margin of the transformation zone</source>
        <translation>Captation positive, brun acajou ; ou coloration jaune d’une lésion qui totalise 3 ou moins sur les trois autres ; ou zones iodo-négatives au-delà du bord de la zone de transformation</translation>
    </message>
    <message>
        <source>Pot</source>
        <translation>Pot</translation>
    </message>
    <message>
        <source>Pot of {specimen}</source>
        <translation>Pot de {specimen}</translation>
    </message>
    <message>
        <source>Pot {pot}</source>
        <translation>Pot {pot}</translation>
    </message>
    <message>
        <source>Pot {pot}, {result}</source>
        <translation>Pot {pot}, {result}</translation>
    </message>
    <message>
        <source>Pot {pot}: {result}</source>
        <translation>Pot {pot} : {result}</translation>
    </message>
    <message>
        <source>Pot {pot}: {result}, reported {day}</source>
        <translation>Pot {pot} : {result}, rendu le {day}</translation>
    </message>
    <message>
        <source>Pots of this visit</source>
        <translation>Pots de cette consultation</translation>
    </message>
    <message>
        <source>Prediction set</source>
        <translation>Ensemble de prédiction</translation>
    </message>
    <message>
        <source>Prediction set ({promise})</source>
        <translation>Ensemble de prédiction ({promise})</translation>
    </message>
    <message>
        <source>Pregnant</source>
        <translation>Grossesse</translation>
    </message>
    <message>
        <source>Pregnant after a hysterectomy</source>
        <translation>Enceinte après une hystérectomie</translation>
    </message>
    <message>
        <source>Pregnant and postmenopausal</source>
        <translation>Enceinte et ménopausée</translation>
    </message>
    <message>
        <source>Preparing pictures</source>
        <translation>Préparation des images</translation>
    </message>
    <message>
        <source>Preparing the sequence</source>
        <translation>Préparation de la séquence</translation>
    </message>
    <message>
        <source>Preparing the sequence ...</source>
        <translation>Préparation de la séquence ...</translation>
    </message>
    <message>
        <source>Press "Somebody else..." once more</source>
        <translation>Appuyez encore une fois sur « Quelqu’un d’autre... »</translation>
    </message>
    <message>
        <source>Press again to confirm {what} all the same.</source>
        <translation>Appuyez de nouveau pour confirmer {what} malgré tout.</translation>
    </message>
    <message>
        <source>Press again to give it to her all the same.</source>
        <translation>Appuyez de nouveau pour la lui attribuer malgré tout.</translation>
    </message>
    <message>
        <source>Press again: what it has learned is removed</source>
        <translation>Appuyez de nouveau : ce qui a été appris est supprimé</translation>
    </message>
    <message>
        <source>Press the keys you want.</source>
        <translation>Appuyez sur les touches voulues.</translation>
    </message>
    <message>
        <source>Press to place points by hand.</source>
        <translation>Appuyez pour placer des points à la main.</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>Aperçu</translation>
    </message>
    <message>
        <source>Preview of the report</source>
        <translation>Aperçu du compte rendu</translation>
    </message>
    <message>
        <source>Previous area of the page</source>
        <translation>Zone précédente de la page</translation>
    </message>
    <message>
        <source>Print it, then delete the file: whoever has it can open the library.</source>
        <translation>Imprimez-la, puis supprimez le fichier : quiconque le détient peut ouvrir la bibliothèque.</translation>
    </message>
    <message>
        <source>Print the recovery key or write it down first: it is not shown again.</source>
        <translation>Imprimez ou notez d’abord la clé de récupération : elle n’est pas affichée de nouveau.</translation>
    </message>
    <message>
        <source>Printed name</source>
        <translation>Nom en toutes lettres</translation>
    </message>
    <message>
        <source>Privacy screen</source>
        <translation>Écran de confidentialité</translation>
    </message>
    <message>
        <source>Probabilities not calibrated for such pictures.</source>
        <translation>Probabilités non étalonnées pour de telles images.</translation>
    </message>
    <message>
        <source>Probability of each grade</source>
        <translation>Probabilité de chaque grade</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problème</translation>
    </message>
    <message>
        <source>Problem: {what}</source>
        <translation>Problème : {what}</translation>
    </message>
    <message>
        <source>Processed, for looking: {pictures}</source>
        <translation>Traitée, pour regarder seulement : {pictures}</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Progression</translation>
    </message>
    <message>
        <source>Progress of preparing the sequence</source>
        <translation>Progression de la préparation de la séquence</translation>
    </message>
    <message>
        <source>Progress of {job}</source>
        <translation>Progression de {job}</translation>
    </message>
    <message>
        <source>Promote the new model</source>
        <translation>Promouvoir le nouveau modèle</translation>
    </message>
    <message>
        <source>Promote...</source>
        <translation>Promouvoir...</translation>
    </message>
    <message>
        <source>Promoted by {name}: {meaning}.</source>
        <translation>Promu par {name} : {meaning}.</translation>
    </message>
    <message>
        <source>Promoting ...</source>
        <translation>Promotion en cours ...</translation>
    </message>
    <message>
        <source>Promoting a model</source>
        <translation>Promotion d’un modèle</translation>
    </message>
    <message>
        <source>Pseudonym</source>
        <translation>Pseudonyme</translation>
    </message>
    <message>
        <source>Pseudonym to look up</source>
        <translation>Pseudonyme à chercher</translation>
    </message>
    <message>
        <source>Put on record</source>
        <translation>Consigner</translation>
    </message>
    <message>
        <source>Put on the stage</source>
        <translation>Placer dans la zone d’image</translation>
    </message>
    <message>
        <source>Puts up to six spots where the pictures are registered now, to be dragged right</source>
        <translation>Place jusqu’à six points là où les images sont recalées actuellement, à glisser au bon endroit</translation>
    </message>
    <message>
        <source>Putting it on record</source>
        <translation>Consignation en cours</translation>
    </message>
    <message>
        <source>Quadrants covered</source>
        <translation>Quadrants couverts</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualité</translation>
    </message>
    <message>
        <source>Quality (Q)</source>
        <translation>Qualité (Q)</translation>
    </message>
    <message>
        <source>Quality: good, limited, unusable</source>
        <translation>Qualité : bonne, limitée, inutilisable</translation>
    </message>
    <message>
        <source>Quality: {quality}</source>
        <translation>Qualité : {quality}</translation>
    </message>
    <message>
        <source>Random</source>
        <translation>Aléatoire</translation>
    </message>
    <message>
        <source>Rate</source>
        <comment>of frames</comment>
        <translation>Cadence</translation>
    </message>
    <message>
        <source>Re&amp;view</source>
        <translation>&amp;Lecture</translation>
    </message>
    <message>
        <source>Read</source>
        <comment>one that somebody did</comment>
        <translation>Lecture</translation>
    </message>
    <message>
        <source>Read (Enter)</source>
        <translation>Lire (Entrée)</translation>
    </message>
    <message>
        <source>Read by administrators of the library.</source>
        <translation>Consultable par les administrateurs de la bibliothèque.</translation>
    </message>
    <message>
        <source>Read by you</source>
        <translation>Lues par vous</translation>
    </message>
    <message>
        <source>Read only, nothing can be changed here: {why}</source>
        <translation>Lecture seule, rien ne peut être modifié ici : {why}</translation>
    </message>
    <message>
        <source>Read only: {why}.</source>
        <translation>Lecture seule : {why}.</translation>
    </message>
    <message>
        <source>Read pairs for labels</source>
        <translation>Lire des paires pour les étiqueter</translation>
    </message>
    <message>
        <source>Read the card</source>
        <translation>Lire la fiche</translation>
    </message>
    <message>
        <source>Reader</source>
        <translation>Lecteur</translation>
    </message>
    <message>
        <source>Reader {number}</source>
        <translation>Lecteur {number}</translation>
    </message>
    <message>
        <source>Reader: the name beside your reads and signatures</source>
        <translation>Lecteur : le nom à côté de vos lectures et signatures</translation>
    </message>
    <message>
        <source>Readers</source>
        <translation>Lecteurs</translation>
    </message>
    <message>
        <source>Readers differ</source>
        <translation>Lecteurs en désaccord</translation>
    </message>
    <message>
        <source>Readers see the AI answer</source>
        <translation>Les lecteurs voient la réponse de l’IA</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>Lecture</translation>
    </message>
    <message>
        <source>Reading ...</source>
        <translation>Lecture ...</translation>
    </message>
    <message>
        <source>Reading the clip</source>
        <translation>Lecture du clip</translation>
    </message>
    <message>
        <source>Reading the earlier picture</source>
        <translation>Lecture de l’image antérieure</translation>
    </message>
    <message>
        <source>Reading the labels</source>
        <translation>Lecture des étiquettes</translation>
    </message>
    <message>
        <source>Reading the pictures</source>
        <translation>Lecture des images</translation>
    </message>
    <message>
        <source>Reading the registration</source>
        <translation>Lecture du recalage</translation>
    </message>
    <message>
        <source>Reading the report</source>
        <translation>Lecture du compte rendu</translation>
    </message>
    <message>
        <source>Reading what is on record</source>
        <translation>Lecture de ce qui est consigné</translation>
    </message>
    <message>
        <source>Reading {file}</source>
        <translation>Lecture de {file}</translation>
    </message>
    <message>
        <source>Reads</source>
        <comment>of which pictures a model makes its answer</comment>
        <translation>Images lues</translation>
    </message>
    <message>
        <source>Reads</source>
        <translation>Lectures</translation>
    </message>
    <message>
        <source>Reads shown to who decides</source>
        <translation>Lectures montrées à la personne qui arbitre</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Motif</translation>
    </message>
    <message>
        <source>Reason for iodine in spite of the allergy</source>
        <translation>Motif d’usage de l’iode malgré l’allergie</translation>
    </message>
    <message>
        <source>Reason, needed to use it all the same</source>
        <translation>Motif, requis pour l’utiliser malgré tout</translation>
    </message>
    <message>
        <source>Reason: {reason}</source>
        <translation>Motif : {reason}</translation>
    </message>
    <message>
        <source>Record</source>
        <comment>a clip</comment>
        <translation>Filmer</translation>
    </message>
    <message>
        <source>Record a clip, or end it</source>
        <translation>Filmer un clip, ou l’arrêter</translation>
    </message>
    <message>
        <source>Recovery &amp;key</source>
        <translation>&amp;Clé de récupération</translation>
    </message>
    <message>
        <source>Recovery key</source>
        <translation>Clé de récupération</translation>
    </message>
    <message>
        <source>Referral</source>
        <translation>Adressage</translation>
    </message>
    <message>
        <source>Referral</source>
        <comment>tab</comment>
        <translation>Fiche</translation>
    </message>
    <message>
        <source>Referral card</source>
        <translation>Fiche d’adressage</translation>
    </message>
    <message>
        <source>Referral: {answers}</source>
        <translation>Adressage : {answers}</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Refusé</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>Région</translation>
    </message>
    <message>
        <source>Regions</source>
        <translation>Régions</translation>
    </message>
    <message>
        <source>Register automatically again</source>
        <translation>Recaler de nouveau automatiquement</translation>
    </message>
    <message>
        <source>Register by points ...</source>
        <translation>Recaler par points ...</translation>
    </message>
    <message>
        <source>Registered</source>
        <translation>Recalée</translation>
    </message>
    <message>
        <source>Registered by hand, to be looked at only: {cause}.</source>
        <translation>Recalée à la main, à regarder seulement : {cause}.</translation>
    </message>
    <message>
        <source>Registered, estimated error unknown.</source>
        <translation>Recalée, erreur estimée inconnue.</translation>
    </message>
    <message>
        <source>Registered, estimated error {error}.</source>
        <translation>Recalée, erreur estimée {error}.</translation>
    </message>
    <message>
        <source>Registering</source>
        <translation>Recalage en cours</translation>
    </message>
    <message>
        <source>Registering needs both pictures.</source>
        <translation>Le recalage nécessite les deux images.</translation>
    </message>
    <message>
        <source>Registering the pair</source>
        <translation>Recalage de la paire</translation>
    </message>
    <message>
        <source>Registers the pair by these points (Enter)</source>
        <translation>Recale la paire d’après ces points (Entrée)</translation>
    </message>
    <message>
        <source>Registration</source>
        <translation>Recalage</translation>
    </message>
    <message>
        <source>Registration: not made.</source>
        <translation>Recalage : non effectué.</translation>
    </message>
    <message>
        <source>Registration: {status}, by hand.</source>
        <translation>Recalage : {status}, à la main.</translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px, by hand.</source>
        <translation>Recalage : {status}, erreur estimée {error:.1f} px, à la main.</translation>
    </message>
    <message>
        <source>Registration: {status}, estimated error {error:.1f} px.</source>
        <translation>Recalage : {status}, erreur estimée {error:.1f} px.</translation>
    </message>
    <message>
        <source>Registration: {status}.</source>
        <translation>Recalage : {status}.</translation>
    </message>
    <message>
        <source>Regular-shaped, symmetrical, with smooth, straight outlines</source>
        <translation>De forme régulière, symétrique, à contours lisses et rectilignes</translation>
    </message>
    <message>
        <source>Reid index of lesion {number}: {status}</source>
        <translation>Index de Reid de la lésion {number} : {status}</translation>
    </message>
    <message>
        <source>Reid index: {status}</source>
        <translation>Index de Reid : {status}</translation>
    </message>
    <message>
        <source>Remarks</source>
        <translation>Remarques</translation>
    </message>
    <message>
        <source>Removals only</source>
        <translation>Suppressions seulement</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Retirer</translation>
    </message>
    <message>
        <source>Remove from this visit</source>
        <translation>Retirer de cette consultation</translation>
    </message>
    <message>
        <source>Remove it: press again</source>
        <translation>Le retirer : appuyez de nouveau</translation>
    </message>
    <message>
        <source>Remove lesion {number}</source>
        <translation>Retirer la lésion {number}</translation>
    </message>
    <message>
        <source>Remove lesion {number} with its scores; it can be undone</source>
        <translation>Retirer la lésion {number} avec ses scores ; peut être annulé</translation>
    </message>
    <message>
        <source>Remove patient</source>
        <translation>Supprimer la patiente</translation>
    </message>
    <message>
        <source>Remove the chosen pin, contour or line</source>
        <translation>Supprimer le repère, le contour ou la ligne choisi</translation>
    </message>
    <message>
        <source>Remove the drawn outline of the cervix</source>
        <translation>Supprimer le contour tracé du col</translation>
    </message>
    <message>
        <source>Remove visit</source>
        <translation>Supprimer la consultation</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>Retirer {name}</translation>
    </message>
    <message>
        <source>Removed: names, numbers, birth dates, all that was typed, who examined, AI answers, cameras, file names. Days are moved; ages stay, at most 90.</source>
        <translation>Supprimés : noms, numéros, dates de naissance, tout ce qui a été saisi, qui a examiné, réponses de l’IA, caméras, noms de fichiers. Les jours sont décalés ; les âges restent, au plus 90.</translation>
    </message>
    <message>
        <source>Repairing</source>
        <translation>Réparation</translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation>Répétitions</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Compte rendu</translation>
    </message>
    <message>
        <source>Report</source>
        <comment>tab</comment>
        <translation>Rapport</translation>
    </message>
    <message>
        <source>Report and signature</source>
        <translation>Compte rendu et signature</translation>
    </message>
    <message>
        <source>Report has: {section}</source>
        <translation>Le compte rendu contient : {section}</translation>
    </message>
    <message>
        <source>Reported</source>
        <translation>Rendu le</translation>
    </message>
    <message>
        <source>Reported by me</source>
        <translation>Compte rendu établi par moi</translation>
    </message>
    <message>
        <source>Research, without names: CSV, manifest to train</source>
        <translation>Recherche, sans noms : CSV, manifeste pour entraîner</translation>
    </message>
    <message>
        <source>Research, without names: DICOM</source>
        <translation>Recherche, sans noms : DICOM</translation>
    </message>
    <message>
        <source>Research, without names: the same, and COCO</source>
        <translation>Recherche, sans noms : idem, et COCO</translation>
    </message>
    <message>
        <source>Responsible for this report</source>
        <translation>Responsable de ce compte rendu</translation>
    </message>
    <message>
        <source>Restoring</source>
        <translation>Restauration</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Résultat</translation>
    </message>
    <message>
        <source>Result of pot {pot}</source>
        <translation>Résultat du pot {pot}</translation>
    </message>
    <message>
        <source>Result of the laboratory</source>
        <translation>Résultat du laboratoire</translation>
    </message>
    <message>
        <source>Results and follow-up</source>
        <translation>Résultats et suivi</translation>
    </message>
    <message>
        <source>Results awaited</source>
        <translation>Résultats attendus</translation>
    </message>
    <message>
        <source>Retake</source>
        <translation>Refaire</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, neither cut nor squeezed, or place four points by hand.</source>
        <translation>Refaites les deux avec le col au milieu, ni coupé ni comprimé, ou placez quatre points à la main.</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle, or place four points by hand.</source>
        <translation>Refaites les deux avec le col au milieu, ou placez quatre points à la main.</translation>
    </message>
    <message>
        <source>Retake both with the cervix in the middle.</source>
        <translation>Refaites les deux avec le col au milieu.</translation>
    </message>
    <message>
        <source>Retake what was taken last</source>
        <translation>Refaire la dernière prise</translation>
    </message>
    <message>
        <source>Retake: {reason}</source>
        <translation>Refaire : {reason}</translation>
    </message>
    <message>
        <source>Reveal the AI answer</source>
        <translation>Révéler la réponse de l’IA</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>Lecture</translation>
    </message>
    <message>
        <source>Reviewed and confirmed by me</source>
        <translation>Relu et confirmé par moi</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>Rôles</translation>
    </message>
    <message>
        <source>Roll back to the model before</source>
        <translation>Revenir au modèle précédent</translation>
    </message>
    <message>
        <source>Rolled, peeling edges; internal demarcations (central high-grade, peripheral low-grade area)</source>
        <translation>Bords enroulés, qui se décollent ; démarcations internes (zone centrale de haut grade, périphérique de bas grade)</translation>
    </message>
    <message>
        <source>Rolling back</source>
        <translation>Retour au modèle précédent</translation>
    </message>
    <message>
        <source>Roughly {low:,} to {high:,} min.</source>
        <translation>Environ {low:,} à {high:,} min.</translation>
    </message>
    <message>
        <source>Roughly {minutes:,} min.</source>
        <translation>Environ {minutes:,} min.</translation>
    </message>
    <message>
        <source>Running jobs</source>
        <translation>Tâches de fond en cours</translation>
    </message>
    <message>
        <source>SCJ</source>
        <translation>JPC</translation>
    </message>
    <message>
        <source>SCJ line</source>
        <translation>Ligne JPC</translation>
    </message>
    <message>
        <source>SCJ line tool</source>
        <translation>Outil Ligne JPC</translation>
    </message>
    <message>
        <source>SCJ: drag along it, or click points (Enter ends)</source>
        <translation>JPC : glissez le long de celle-ci, ou cliquez des points (Entrée termine)</translation>
    </message>
    <message>
        <source>SHA-256 of its weights: {sum}</source>
        <translation>SHA-256 de ses poids : {sum}</translation>
    </message>
    <message>
        <source>SHA-256 of the content</source>
        <translation>SHA-256 du contenu</translation>
    </message>
    <message>
        <source>SHA-256 of the dark frame</source>
        <translation>SHA-256 de l’image noire</translation>
    </message>
    <message>
        <source>SHA-256 of the map</source>
        <translation>SHA-256 de la carte</translation>
    </message>
    <message>
        <source>SHA-256 of the model</source>
        <translation>SHA-256 du modèle</translation>
    </message>
    <message>
        <source>SHA-256 of the pixels</source>
        <translation>SHA-256 des pixels</translation>
    </message>
    <message>
        <source>SHA-256 of the report</source>
        <translation>SHA-256 du compte rendu</translation>
    </message>
    <message>
        <source>Said</source>
        <comment>how sure</comment>
        <translation>Indiqué</translation>
    </message>
    <message>
        <source>Said beside a grade</source>
        <translation>Indiqué à côté d’un grade</translation>
    </message>
    <message>
        <source>Said with it</source>
        <translation>Valeur</translation>
    </message>
    <message>
        <source>Saline</source>
        <translation>Sérum physiologique</translation>
    </message>
    <message>
        <source>Same grade</source>
        <translation>Même grade</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Enregistrer</translation>
    </message>
    <message>
        <source>Save PDF...</source>
        <translation>Enregistrer le PDF...</translation>
    </message>
    <message>
        <source>Save as CSV...</source>
        <translation>Enregistrer en CSV...</translation>
    </message>
    <message>
        <source>Save as PDF...</source>
        <translation>Enregistrer en PDF...</translation>
    </message>
    <message>
        <source>Save changes</source>
        <translation>Enregistrer les modifications</translation>
    </message>
    <message>
        <source>Save report signed {day}...</source>
        <translation>Enregistrer le compte rendu signé le {day}...</translation>
    </message>
    <message>
        <source>Save the labels</source>
        <translation>Enregistrer les étiquettes</translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation>Enregistrer le protocole</translation>
    </message>
    <message>
        <source>Save the recovery key</source>
        <translation>Enregistrer la clé de récupération</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Enregistrer le compte rendu</translation>
    </message>
    <message>
        <source>Save the report as PDF ...</source>
        <translation>Enregistrer le compte rendu en PDF ...</translation>
    </message>
    <message>
        <source>Save the report as it was signed</source>
        <translation>Enregistrer le compte rendu tel que signé</translation>
    </message>
    <message>
        <source>Save the report of the import</source>
        <translation>Enregistrer le rapport d’importation</translation>
    </message>
    <message>
        <source>Save what is shown</source>
        <translation>Enregistrer ce qui est affiché</translation>
    </message>
    <message>
        <source>Save...</source>
        <translation>Enregistrer...</translation>
    </message>
    <message>
        <source>Saved as {name} in the folder {folder}</source>
        <translation>Enregistré sous {name} dans le dossier {folder}</translation>
    </message>
    <message>
        <source>Saved as {path}. Nobody has got it: pass it on yourself.</source>
        <translation>Enregistré sous {path}. Personne ne l’a reçu : transmettez-le vous-même.</translation>
    </message>
    <message>
        <source>Saved as {where}. It names files and identifiers: keep it safe.</source>
        <translation>Enregistré sous {where}. Il nomme des fichiers et des identifiants : gardez-le en lieu sûr.</translation>
    </message>
    <message>
        <source>Saving the labels</source>
        <translation>Enregistrement des étiquettes</translation>
    </message>
    <message>
        <source>Saving the labels ...</source>
        <translation>Enregistrement des étiquettes ...</translation>
    </message>
    <message>
        <source>Saving the report</source>
        <translation>Enregistrement du compte rendu</translation>
    </message>
    <message>
        <source>Saving the report ...</source>
        <translation>Enregistrement du compte rendu ...</translation>
    </message>
    <message>
        <source>Saving the report as it was signed</source>
        <translation>Enregistrement du compte rendu tel que signé</translation>
    </message>
    <message>
        <source>Saving {file} ...</source>
        <translation>Enregistrement de {file} ...</translation>
    </message>
    <message>
        <source>Say first whose examination it is: choose it beside the live picture.</source>
        <translation>Indiquez d’abord de qui est l’examen : choisissez la patiente à côté de l’image en direct.</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>Échelle</translation>
    </message>
    <message>
        <source>Scored</source>
        <translation>Coté</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Recherche</translation>
    </message>
    <message>
        <source>Search by name, ID, date, hour, impression or finding; Escape shows all visits.</source>
        <translation>Cherchez par nom, identifiant, date, heure, impression ou constatation ; Échap affiche toutes les consultations.</translation>
    </message>
    <message>
        <source>Search name, ID or date</source>
        <translation>Chercher nom, identifiant ou date</translation>
    </message>
    <message>
        <source>Search name, ID or pot</source>
        <translation>Chercher nom, identifiant ou pot</translation>
    </message>
    <message>
        <source>Search name, ID, date, hour or impression; empty: all visits</source>
        <translation>Chercher nom, identifiant, date, heure ou impression ; vide : toutes les consultations</translation>
    </message>
    <message>
        <source>Search name, ID, date, impression, finding</source>
        <translation>Chercher nom, ID, date, impression, signe</translation>
    </message>
    <message>
        <source>Search the list</source>
        <translation>Chercher dans la liste</translation>
    </message>
    <message>
        <source>Search to whom</source>
        <translation>Chercher à qui</translation>
    </message>
    <message>
        <source>Search visits</source>
        <translation>Chercher des consultations</translation>
    </message>
    <message>
        <source>Second camera (fluorescence)</source>
        <translation>Seconde caméra (fluorescence)</translation>
    </message>
    <message>
        <source>Second read</source>
        <translation>Seconde lecture</translation>
    </message>
    <message>
        <source>Second read, after the AI: {grade} ({who})</source>
        <translation>Seconde lecture, après l’IA : {grade} ({who})</translation>
    </message>
    <message>
        <source>Second read: {grade}, {how}, {when}</source>
        <translation>Seconde lecture : {grade}, {how}, {when}</translation>
    </message>
    <message>
        <source>Second screen for patient or student</source>
        <translation>Second écran pour patiente ou étudiant</translation>
    </message>
    <message>
        <source>Second screen: with pins and lines</source>
        <translation>Second écran : avec repères et lignes</translation>
    </message>
    <message>
        <source>Second screen: with the model attention</source>
        <translation>Second écran : avec l’attention du modèle</translation>
    </message>
    <message>
        <source>Second screen: with the name</source>
        <translation>Second écran : avec le nom</translation>
    </message>
    <message>
        <source>Seconds after acetic acid</source>
        <translation>Secondes après l’acide acétique</translation>
    </message>
    <message>
        <source>Seconds after acid</source>
        <translation>Secondes après l’acide</translation>
    </message>
    <message>
        <source>Seconds differ: {first:.0f} s and {second:.0f} s after acetic acid</source>
        <translation>Les secondes diffèrent : {first:.0f} s et {second:.0f} s après l’acide acétique</translation>
    </message>
    <message>
        <source>Seconds since acetic acid</source>
        <translation>Secondes depuis l’acide acétique</translation>
    </message>
    <message>
        <source>Seconds since acetic acid of {name}</source>
        <translation>Secondes depuis l’acide acétique de {name}</translation>
    </message>
    <message>
        <source>Sections of reports</source>
        <translation>Rubriques des comptes rendus</translation>
    </message>
    <message>
        <source>Seen</source>
        <comment>of a lesion</comment>
        <translation>Visible</translation>
    </message>
    <message>
        <source>Sent to the printer.</source>
        <translation>Envoyé à l’imprimante.</translation>
    </message>
    <message>
        <source>Sep</source>
        <translation>sept.</translation>
    </message>
    <message>
        <source>September</source>
        <translation>septembre</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>Définir</translation>
    </message>
    <message>
        <source>Set a corner at the cursor, or a dab of the brush</source>
        <translation>Poser un sommet au curseur, ou une touche de pinceau</translation>
    </message>
    <message>
        <source>Set my impression to {grade}</source>
        <translation>Mettre mon impression à {grade}</translation>
    </message>
    <message>
        <source>Set the exposure to 1/50 or 1/60 s, as the lamp flickers, or use the colposcope's own light, then retake.</source>
        <translation>Réglez l’exposition à 1/50 ou 1/60 s, selon le scintillement de la lampe, ou utilisez la lumière propre du colposcope, puis refaites l’image.</translation>
    </message>
    <message>
        <source>Sets that hold the label</source>
        <translation>Ensembles contenant l’étiquette</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>Réglage</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Réglages</translation>
    </message>
    <message>
        <source>Share of evidence</source>
        <translation>Part des indices</translation>
    </message>
    <message>
        <source>Share of the evidence: {shares}.</source>
        <translation>Part des indices : {shares}.</translation>
    </message>
    <message>
        <source>Shares have their 95 % interval in brackets; of fewer than {few} visits only counts are shown.</source>
        <translation>Les proportions ont leur intervalle à 95 % entre parenthèses ; pour moins de {few} consultations, seuls les nombres sont affichés.</translation>
    </message>
    <message>
        <source>Sharp and even, difference in level (incl. cuffing)</source>
        <translation>Nets et réguliers, différence de niveau (bourrelet compris)</translation>
    </message>
    <message>
        <source>Sharp but irregular, jagged, geographical, satellites</source>
        <translation>Nets mais irréguliers, déchiquetés, géographiques, satellites</translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has pictures after Lugol's iodine. Is it hers?</source>
        <translation>Elle ne tolère pas l’iode, et cette consultation a des images après lugol. Est-ce bien la sienne ?</translation>
    </message>
    <message>
        <source>She does not bear iodine, and this visit has the answer "no allergy". Is it hers?</source>
        <translation>Elle ne tolère pas l’iode, et cette consultation a la réponse « pas d’allergie ». Est-ce bien la sienne ?</translation>
    </message>
    <message>
        <source>She has no other visit and goes off the record with it.</source>
        <translation>Elle n’a pas d’autre consultation et est retirée du registre avec celle-ci.</translation>
    </message>
    <message>
        <source>She may have moved: take the pair again if there is time.</source>
        <translation>Elle a peut-être bougé : refaites la paire s’il reste du temps.</translation>
    </message>
    <message>
        <source>Shift+Enter</source>
        <comment>key</comment>
        <translation>Shift+Entrée</translation>
    </message>
    <message>
        <source>Shift+arrows</source>
        <translation>Shift+flèches</translation>
    </message>
    <message>
        <source>Shortcut</source>
        <translation>Raccourci</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>Raccourcis</translation>
    </message>
    <message>
        <source>Shorten the exposure, then retake.</source>
        <translation>Réduisez l’exposition, puis refaites l’image.</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Afficher</translation>
    </message>
    <message>
        <source>Show model attention</source>
        <translation>Afficher l’attention du modèle</translation>
    </message>
    <message>
        <source>Show or hide contours and SCJ line</source>
        <translation>Afficher ou masquer les contours et la ligne JPC</translation>
    </message>
    <message>
        <source>Show or hide the cervix</source>
        <translation>Afficher ou masquer le col</translation>
    </message>
    <message>
        <source>Show or hide the model attention</source>
        <translation>Afficher ou masquer l’attention du modèle</translation>
    </message>
    <message>
        <source>Show or hide the pictures and visits below the stage (F8)</source>
        <translation>Afficher ou masquer les images et consultations sous la zone d’image (F8)</translation>
    </message>
    <message>
        <source>Show or hide the pictures of the visit</source>
        <translation>Afficher ou masquer les images de la consultation</translation>
    </message>
    <message>
        <source>Show pictures ({count})</source>
        <translation>Afficher les images ({count})</translation>
    </message>
    <message>
        <source>Show the audit trail</source>
        <translation>Afficher la piste d’audit</translation>
    </message>
    <message>
        <source>Show the whole message</source>
        <translation>Afficher le message entier</translation>
    </message>
    <message>
        <source>Show visits</source>
        <translation>Afficher les consultations</translation>
    </message>
    <message>
        <source>Show visits: {which}</source>
        <translation>Afficher les consultations : {which}</translation>
    </message>
    <message>
        <source>Show {tab}</source>
        <translation>Afficher {tab}</translation>
    </message>
    <message>
        <source>Show: {list}</source>
        <translation>Afficher : {list}</translation>
    </message>
    <message>
        <source>Shown on request, after the own grade</source>
        <translation>Montrée sur demande, après son propre grade</translation>
    </message>
    <message>
        <source>Shown on request, also before the grade, in tasks made so</source>
        <translation>Montrée sur demande, aussi avant le grade, dans les tâches ainsi créées</translation>
    </message>
    <message>
        <source>Shows {shows}.</source>
        <translation>Montre {shows}.</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Côte à côte</translation>
    </message>
    <message>
        <source>Side by side, blend, swipe, flicker and checkerboard are on the keys {review.side_by_side}, {review.blend}, {review.swipe}, {review.flicker} and {review.checkerboard}; the wheel zooms both. The chip says how well the pictures lie on each other.</source>
        <translation>Côte à côte, fondu, rideau, alternance et damier sont sur les touches {review.side_by_side}, {review.blend}, {review.swipe}, {review.flicker} et {review.checkerboard} ; la molette agrandit les deux. La pastille indique à quel point les images se superposent.</translation>
    </message>
    <message>
        <source>Side of a square</source>
        <translation>Côté d’un carré</translation>
    </message>
    <message>
        <source>Sides</source>
        <translation>Côtés</translation>
    </message>
    <message>
        <source>Sign</source>
        <translation>Signer</translation>
    </message>
    <message>
        <source>Sign and promote</source>
        <translation>Signer et promouvoir</translation>
    </message>
    <message>
        <source>Sign as {name} ({meaning})?</source>
        <translation>Signer en tant que {name} ({meaning}) ?</translation>
    </message>
    <message>
        <source>Sign in</source>
        <translation>Se connecter</translation>
    </message>
    <message>
        <source>Sign in with the recovery key</source>
        <translation>Se connecter avec la clé de récupération</translation>
    </message>
    <message>
        <source>Sign now</source>
        <translation>Signer maintenant</translation>
    </message>
    <message>
        <source>Sign out once more</source>
        <translation>Déconnectez-vous encore une fois</translation>
    </message>
    <message>
        <source>Sign out without it</source>
        <translation>Se déconnecter sans le conserver</translation>
    </message>
    <message>
        <source>Sign this visit?</source>
        <translation>Signer cette consultation ?</translation>
    </message>
    <message>
        <source>Sign-in</source>
        <translation>Connexion</translation>
    </message>
    <message>
        <source>Sign-ins, accounts, refusals</source>
        <translation>Connexions, comptes, refus</translation>
    </message>
    <message>
        <source>Signature</source>
        <translation>Signature</translation>
    </message>
    <message>
        <source>Signed</source>
        <translation>Signée</translation>
    </message>
    <message>
        <source>Signed at</source>
        <translation>Signé le</translation>
    </message>
    <message>
        <source>Signed by</source>
        <translation>Signé par</translation>
    </message>
    <message>
        <source>Signed by {name} at {when}: {meaning}</source>
        <translation>Signé par {name} le {when} : {meaning}</translation>
    </message>
    <message>
        <source>Signed by {name}, {moment}: locked, unless the report is amended.</source>
        <translation>Signée par {name}, {moment} : verrouillée, sauf si le compte rendu est rectifié.</translation>
    </message>
    <message>
        <source>Signed by {name}: locked, unless the report is amended (Report).</source>
        <translation>Signée par {name} : verrouillée, sauf si le compte rendu est rectifié (Compte rendu).</translation>
    </message>
    <message>
        <source>Signed by {name}: nothing can be added any more.</source>
        <translation>Signée par {name} : plus rien ne peut être ajouté.</translation>
    </message>
    <message>
        <source>Signed impressions are labels too</source>
        <translation>Les impressions signées sont aussi des étiquettes</translation>
    </message>
    <message>
        <source>Signed in: {who}</source>
        <translation>Session ouverte : {who}</translation>
    </message>
    <message>
        <source>Signing</source>
        <translation>Signature en cours</translation>
    </message>
    <message>
        <source>Signing in</source>
        <translation>Connexion en cours</translation>
    </message>
    <message>
        <source>Signs (IFCPC 2011)</source>
        <translation>Signes (IFCPC 2011)</translation>
    </message>
    <message>
        <source>Simulated</source>
        <translation>Simulé</translation>
    </message>
    <message>
        <source>Simulated device: a phantom (demo library only)</source>
        <translation>Appareil simulé : un fantôme (bibliothèque de démonstration seulement)</translation>
    </message>
    <message>
        <source>Simulated device: a phantom, no woman</source>
        <translation>Appareil simulé : un fantôme, pas de patiente</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Taille</translation>
    </message>
    <message>
        <source>Skip the tour</source>
        <translation>Passer la visite guidée</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>Pinceau plus petit</translation>
    </message>
    <message>
        <source>Smoking</source>
        <translation>Tabagisme</translation>
    </message>
    <message>
        <source>So far {scale:.4g} mm a pixel, {width:.1f} mm wide.</source>
        <translation>Jusqu’ici {scale:.4g} mm par pixel, {width:.1f} mm de large.</translation>
    </message>
    <message>
        <source>Somebody else...</source>
        <translation>Quelqu’un d’autre...</translation>
    </message>
    <message>
        <source>Something is being undone; the next step can be undone when that has ended.</source>
        <translation>Une annulation est en cours ; l’étape suivante pourra être annulée quand elle sera terminée.</translation>
    </message>
    <message>
        <source>Something is under way</source>
        <translation>Une opération est en cours</translation>
    </message>
    <message>
        <source>Something unexpected happened ({kind}). Everything you entered until then is saved. You can go on; if it happens again, restart the program. Details: {file}</source>
        <translation>Un événement imprévu s’est produit ({kind}). Tout ce que vous avez saisi jusque-là est enregistré. Vous pouvez continuer ; si cela se reproduit, redémarrez le programme. Détails : {file}</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Source</translation>
    </message>
    <message>
        <source>Space</source>
        <comment>key</comment>
        <translation>Espace</translation>
    </message>
    <message>
        <source>Space ticks a visit.</source>
        <translation>Espace coche une consultation.</translation>
    </message>
    <message>
        <source>Space: the other</source>
        <translation>Espace : l’autre</translation>
    </message>
    <message>
        <source>Specimen</source>
        <translation>Prélèvement</translation>
    </message>
    <message>
        <source>Specimen (internal number)</source>
        <translation>Prélèvement (numéro interne)</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Vitesse</translation>
    </message>
    <message>
        <source>Stage</source>
        <comment>where the pictures are shown</comment>
        <translation>Zone d’image</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Étape</translation>
    </message>
    <message>
        <source>Stage and time differ</source>
        <translation>L’étape et le temps diffèrent</translation>
    </message>
    <message numerus="yes">
        <source>Stage of %n picture(s)</source>
        <translation>
            <numerusform>Étape de %n image</numerusform>
            <numerusform>Étape de %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>Stage of the frame</source>
        <translation>Étape de l’image</translation>
    </message>
    <message>
        <source>Stage of {name}</source>
        <translation>Étape de {name}</translation>
    </message>
    <message>
        <source>Stage tools</source>
        <translation>Outils de la zone d’image</translation>
    </message>
    <message>
        <source>Stage: the pair of pictures</source>
        <translation>Zone d’image : la paire d’images</translation>
    </message>
    <message>
        <source>Stages differ: one picture was taken before acetic acid, the other after</source>
        <translation>Les étapes diffèrent : une image a été prise avant l’acide acétique, l’autre après</translation>
    </message>
    <message>
        <source>Stages differ: {now} and {earlier}</source>
        <translation>Les étapes diffèrent : {now} et {earlier}</translation>
    </message>
    <message>
        <source>Start from</source>
        <translation>Partir de</translation>
    </message>
    <message>
        <source>Start from the map</source>
        <translation>Partir de la carte</translation>
    </message>
    <message>
        <source>State</source>
        <translation>État</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>Rester</translation>
    </message>
    <message>
        <source>Stays hidden from who reads</source>
        <translation>Reste cachée à la personne qui lit</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Étape</translation>
    </message>
    <message>
        <source>Step {number}</source>
        <translation>Étape {number}</translation>
    </message>
    <message>
        <source>Steps passed over</source>
        <translation>Étapes sautées</translation>
    </message>
    <message>
        <source>Still missing: {grades}.</source>
        <translation>Il manque encore : {grades}.</translation>
    </message>
    <message>
        <source>Still open for reading only, but the disk has free space again.</source>
        <translation>Encore ouverte en lecture seule, mais le disque a de nouveau de l’espace libre.</translation>
    </message>
    <message>
        <source>Still open for reading only, but the folder can be written again.</source>
        <translation>Encore ouverte en lecture seule, mais l’écriture dans le dossier est de nouveau possible.</translation>
    </message>
    <message>
        <source>Still open for reading only, but the program that had the library has closed it or has ended.</source>
        <translation>Encore ouverte en lecture seule, mais le programme qui avait la bibliothèque l’a fermée ou s’est terminé.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Arrêter</translation>
    </message>
    <message>
        <source>Stop aligning</source>
        <translation>Arrêter l’alignement</translation>
    </message>
    <message>
        <source>Stop, and keep the best so far</source>
        <translation>Arrêter, et conserver le meilleur obtenu</translation>
    </message>
    <message>
        <source>Stop: nothing is learned yet</source>
        <translation>Arrêter : rien n’est encore appris</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Arrêté</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>Arrêté.</translation>
    </message>
    <message>
        <source>Stopped. No task was made.</source>
        <translation>Arrêté. Aucune tâche n’a été créée.</translation>
    </message>
    <message>
        <source>Stopped. No video was written.</source>
        <translation>Arrêté. Aucune vidéo n’a été écrite.</translation>
    </message>
    <message>
        <source>Stopped. Nothing was brought in.</source>
        <translation>Arrêté. Rien n’a été importé.</translation>
    </message>
    <message>
        <source>Stopped. Nothing was written.</source>
        <translation>Arrêté. Rien n’a été écrit.</translation>
    </message>
    <message>
        <source>Stopped. Pictures added until then are kept.</source>
        <translation>Arrêté. Les images ajoutées jusque-là sont conservées.</translation>
    </message>
    <message>
        <source>Stopped. The library and the backups before are unchanged.</source>
        <translation>Arrêté. La bibliothèque et les sauvegardes précédentes sont inchangées.</translation>
    </message>
    <message>
        <source>Stopped. The program and the library are as they were.</source>
        <translation>Arrêté. Le programme et la bibliothèque sont comme avant.</translation>
    </message>
    <message>
        <source>Stopped. What was finished is in the library; Import goes on with the rest.</source>
        <translation>Arrêté. Ce qui était terminé est dans la bibliothèque ; Importer continue avec le reste.</translation>
    </message>
    <message>
        <source>Stopped: nothing was undone.</source>
        <translation>Arrêté : rien n’a été annulé.</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Arrêt en cours</translation>
    </message>
    <message>
        <source>Stopping ...</source>
        <translation>Arrêt en cours ...</translation>
    </message>
    <message>
        <source>Stopping...</source>
        <translation>Arrêt en cours...</translation>
    </message>
    <message>
        <source>Stopping: what is under way is finished first</source>
        <translation>Arrêt en cours : ce qui est commencé est d’abord terminé</translation>
    </message>
    <message>
        <source>Strander 2005 and Bowring 2010</source>
        <translation>Strander 2005 et Bowring 2010</translation>
    </message>
    <message>
        <source>Suggest</source>
        <translation>Suggérer</translation>
    </message>
    <message>
        <source>Suggest normal tissue near the place: look whether it is</source>
        <translation>Suggérer du tissu normal près de l’emplacement : vérifiez qu’il l’est</translation>
    </message>
    <message>
        <source>Suspicious for invasion</source>
        <translation>Suspicion d’invasion</translation>
    </message>
    <message>
        <source>Swap the two.</source>
        <translation>Inversez les deux.</translation>
    </message>
    <message>
        <source>Swede score</source>
        <translation>Score de Swede</translation>
    </message>
    <message>
        <source>Swede score ({left} of {items} items)</source>
        <translation>score de Swede ({left} éléments sur {items} non cotés)</translation>
    </message>
    <message>
        <source>Swede score of {lesion}: {status}</source>
        <translation>Score de Swede de {lesion} : {status}</translation>
    </message>
    <message>
        <source>Swede score: {status}</source>
        <translation>Score de Swede : {status}</translation>
    </message>
    <message>
        <source>Swede, lesion size: {size}</source>
        <translation>Swede, taille de la lésion : {size}</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>Rideau</translation>
    </message>
    <message>
        <source>Switched by clinicians only.</source>
        <translation>Activation et désactivation réservées aux cliniciens.</translation>
    </message>
    <message>
        <source>Switched on</source>
        <translation>Activé</translation>
    </message>
    <message>
        <source>THE CAMERA SENDS THE SAME PICTURE AGAIN AND AGAIN: unplug it and plug it in</source>
        <translation>LA CAMÉRA ENVOIE TOUJOURS LA MÊME IMAGE : débranchez-la et rebranchez-la</translation>
    </message>
    <message>
        <source>Take a box away</source>
        <translation>Retirer un cadre</translation>
    </message>
    <message>
        <source>Take a dark frame for fluorescence</source>
        <translation>Prendre une image noire pour la fluorescence</translation>
    </message>
    <message>
        <source>Take a pair</source>
        <translation>Prendre une paire</translation>
    </message>
    <message>
        <source>Take a white-light picture</source>
        <translation>Prendre une image en lumière blanche</translation>
    </message>
    <message>
        <source>Take all t&amp;he same</source>
        <translation>Inclure &amp;quand même</translation>
    </message>
    <message>
        <source>Take back what was done last</source>
        <translation>Annuler la dernière action</translation>
    </message>
    <message>
        <source>Take from the drawing</source>
        <translation>Reprendre du dessin</translation>
    </message>
    <message>
        <source>Take into this visit</source>
        <translation>Placer dans cette consultation</translation>
    </message>
    <message>
        <source>Take off the record</source>
        <translation>Retirer du registre</translation>
    </message>
    <message>
        <source>Take pair</source>
        <translation>Prendre la paire</translation>
    </message>
    <message>
        <source>Take picture</source>
        <translation>Prendre l’image</translation>
    </message>
    <message>
        <source>Take the impression away; it can be undone</source>
        <translation>Retirer l’impression ; cela peut être annulé</translation>
    </message>
    <message>
        <source>Take the last corner back</source>
        <translation>Retirer le dernier sommet</translation>
    </message>
    <message>
        <source>Take the last corner or lesion away</source>
        <translation>Retirer le dernier sommet ou la dernière lésion</translation>
    </message>
    <message>
        <source>Take the last point away</source>
        <translation>Retirer le dernier point</translation>
    </message>
    <message>
        <source>Take the swab or instrument out of the view, then retake.</source>
        <translation>Retirez l’écouvillon ou l’instrument du champ, puis refaites l’image.</translation>
    </message>
    <message>
        <source>Take the tour (3 minutes)</source>
        <translation>Faire la visite guidée (3 minutes)</translation>
    </message>
    <message>
        <source>Take this patient off the record? She has no visit.</source>
        <translation>Retirer cette patiente du registre ? Elle n’a aucune consultation.</translation>
    </message>
    <message>
        <source>Take this visit off the record?</source>
        <translation>Retirer cette consultation du registre ?</translation>
    </message>
    <message>
        <source>Take what comes next</source>
        <translation>Prendre ce qui suit</translation>
    </message>
    <message>
        <source>Taken</source>
        <translation>Prise</translation>
    </message>
    <message>
        <source>Taken at</source>
        <translation>Prise le</translation>
    </message>
    <message>
        <source>Taken last</source>
        <translation>Dernière prise</translation>
    </message>
    <message>
        <source>Taken on {day} ({reason}); this visit is of {own_day}.</source>
        <translation>Prise le {day} ({reason}) ; cette consultation est du {own_day}.</translation>
    </message>
    <message>
        <source>Taken with</source>
        <translation>Prélevé avec</translation>
    </message>
    <message>
        <source>Takes the last point away (Backspace, Ctrl+Z)</source>
        <translation>Retire le dernier point (Retour arrière, Ctrl+Z)</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>Tâche</translation>
    </message>
    <message>
        <source>Task closed: {name}. {few}; opened again, it waits for them.</source>
        <translation>Tâche fermée : {name}. {few} ; rouverte, elle les attend.</translation>
    </message>
    <message>
        <source>Task made: {task}.</source>
        <translation>Tâche créée : {task}.</translation>
    </message>
    <message>
        <source>Task opened again: {name}.</source>
        <translation>Tâche rouverte : {name}.</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Tâches</translation>
    </message>
    <message>
        <source>Template of reports</source>
        <translation>Modèle de comptes rendus</translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation>Texte (*.txt)</translation>
    </message>
    <message>
        <source>Text fields and lists</source>
        <translation>Champs de texte et listes</translation>
    </message>
    <message numerus="yes">
        <source>That %n examination(s) began</source>
        <translation>
            <numerusform>Le début de %n examen</numerusform>
            <numerusform>Le début de %n examens</numerusform>
        </translation>
    </message>
    <message>
        <source>That it was asked goes on record</source>
        <translation>Le fait de l’avoir demandé est consigné</translation>
    </message>
    <message>
        <source>That nothing is drawn does not mean that nothing is there.</source>
        <translation>Que rien ne soit dessiné ne signifie pas qu’il n’y a rien.</translation>
    </message>
    <message>
        <source>That you ask goes on record.</source>
        <translation>Le fait que vous le demandiez est consigné.</translation>
    </message>
    <message>
        <source>The AI answer (investigational)</source>
        <translation>La réponse de l’IA (expérimentale)</translation>
    </message>
    <message>
        <source>The AI answer is investigational, not for diagnosis.</source>
        <translation>La réponse de l’IA est expérimentale, à ne pas utiliser pour le diagnostic.</translation>
    </message>
    <message>
        <source>The AI answer may be shown before the grade is given</source>
        <translation>La réponse de l’IA peut être affichée avant que le grade soit donné</translation>
    </message>
    <message>
        <source>The AI answer was not revealed in this visit, so it does not stand here.</source>
        <translation>La réponse de l’IA n’a pas été révélée lors de cette consultation : elle ne figure donc pas ici.</translation>
    </message>
    <message>
        <source>The AI answer was revealed in this visit, but it is not available now and not in this report.</source>
        <translation>La réponse de l’IA a été révélée lors de cette consultation, mais elle n’est pas disponible maintenant et ne figure pas dans ce compte rendu.</translation>
    </message>
    <message>
        <source>The AI answer was shown without a first read.</source>
        <translation>La réponse de l’IA a été affichée sans première lecture.</translation>
    </message>
    <message>
        <source>The AI was revealed on other pictures of this visit: a second read may be about those.</source>
        <translation>L’IA a été révélée sur d’autres images de cette consultation : une seconde lecture peut porter sur celles-là.</translation>
    </message>
    <message>
        <source>The AI was revealed without a first read.</source>
        <translation>L’IA a été révélée sans première lecture.</translation>
    </message>
    <message>
        <source>The Lugol's iodine picture shows only a part of this view.</source>
        <translation>L’image au lugol ne montre qu’une partie de ce champ.</translation>
    </message>
    <message>
        <source>The audit trail of this library records each time this is switched on or off, and by whom. What was switched elsewhere is recorded when the library is opened.</source>
        <translation>La piste d’audit de cette bibliothèque consigne chaque activation ou désactivation, et son auteur. Ce qui a été changé ailleurs est consigné à l’ouverture de la bibliothèque.</translation>
    </message>
    <message>
        <source>The brightness in the middle of the window; a lower level is brighter</source>
        <translation>La luminosité au milieu de la fenêtre ; un niveau plus bas est plus clair</translation>
    </message>
    <message>
        <source>The camera changed its resolution between the two pictures.</source>
        <translation>La caméra a changé de résolution entre les deux images.</translation>
    </message>
    <message>
        <source>The camera did not take its {names} again: set it anew.</source>
        <translation>La caméra n’a pas repris ses réglages ({names}) : réglez-la à nouveau.</translation>
    </message>
    <message>
        <source>The camera does not answer, however often it is opened. Unplug it, wait some seconds and plug it in again; if that does not help, restart this program.</source>
        <translation>La caméra ne répond pas, même après plusieurs ouvertures. Débranchez-la, attendez quelques secondes et rebranchez-la ; si cela n’aide pas, redémarrez ce programme.</translation>
    </message>
    <message>
        <source>The camera gave one picture twice: look at lamp and filter, then take the pair again.</source>
        <translation>La caméra a donné deux fois la même image : vérifiez la lampe et le filtre, puis refaites la paire.</translation>
    </message>
    <message>
        <source>The camera gives no pictures since {silent:.0f} s.</source>
        <translation>La caméra ne donne pas d’images depuis {silent:.0f} s.</translation>
    </message>
    <message>
        <source>The camera gives no pictures.</source>
        <translation>La caméra ne donne pas d’images.</translation>
    </message>
    <message>
        <source>The camera gives pictures.</source>
        <translation>La caméra donne des images.</translation>
    </message>
    <message>
        <source>The camera is being opened.</source>
        <translation>La caméra est en cours d’ouverture.</translation>
    </message>
    <message>
        <source>The camera is off.</source>
        <translation>La caméra est arrêtée.</translation>
    </message>
    <message>
        <source>The card of a model is in English.</source>
        <translation>La fiche du modèle est en anglais.</translation>
    </message>
    <message>
        <source>The card of this model cannot be shown.</source>
        <translation>La fiche de ce modèle ne peut pas être affichée.</translation>
    </message>
    <message>
        <source>The catalogue of {language} is missing or damaged, so English is spoken. Install the program again.</source>
        <translation>Le catalogue de {language} manque ou est endommagé, l’anglais est donc utilisé. Réinstallez le programme.</translation>
    </message>
    <message>
        <source>The cervix is drawn already. To draw it anew, press C and draw around it in one stroke.</source>
        <translation>Le col est déjà dessiné. Pour le redessiner, appuyez sur C et entourez-le d’un seul trait.</translation>
    </message>
    <message>
        <source>The cervix was not drawn on these pictures. To draw it, press C and draw around it in one stroke.</source>
        <translation>Le col n’a pas été dessiné sur ces images. Pour le dessiner, appuyez sur C et entourez-le d’un seul trait.</translation>
    </message>
    <message>
        <source>The cervix was not found in one piece. To draw it, press C and draw around it in one stroke.</source>
        <translation>Le col n’a pas été trouvé d’un seul tenant. Pour le dessiner, appuyez sur C et entourez-le d’un seul trait.</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>La vérification a été arrêtée.</translation>
    </message>
    <message>
        <source>The check was stopped; nothing is known of the trail.</source>
        <translation>La vérification a été arrêtée ; on ne sait rien de la piste d’audit.</translation>
    </message>
    <message>
        <source>The clinician's grade: normal, low, high, cancer</source>
        <translation>Le grade du clinicien : normal, bas, haut, cancer</translation>
    </message>
    <message>
        <source>The clock is running. Press again within 3 seconds to start it anew.</source>
        <translation>Le chronomètre tourne. Appuyez de nouveau dans les 3 secondes pour le relancer à zéro.</translation>
    </message>
    <message>
        <source>The clock of acetic acid runs. It is not on record yet, and is tried again.</source>
        <translation>Le chronomètre de l’acide acétique tourne. Il n’est pas encore consigné ; nouvel essai en cours.</translation>
    </message>
    <message>
        <source>The clock of this computer was set back by {seconds:.0f} s.</source>
        <translation>L’horloge de cet ordinateur a été reculée de {seconds:.0f} s.</translation>
    </message>
    <message>
        <source>The clock of this computer was set forward by {seconds:.0f} s.</source>
        <translation>L’horloge de cet ordinateur a été avancée de {seconds:.0f} s.</translation>
    </message>
    <message>
        <source>The colours are unlike the fluorescence this model knows: check filter and white balance.</source>
        <translation>Les couleurs diffèrent de la fluorescence que ce modèle connaît : vérifiez le filtre et la balance des blancs.</translation>
    </message>
    <message>
        <source>The correction holds for all her visits.</source>
        <translation>La correction vaut pour toutes ses consultations.</translation>
    </message>
    <message>
        <source>The demo library is not complete. What is drawn already is kept and used next time.</source>
        <translation>La bibliothèque de démonstration n’est pas complète. Ce qui est déjà dessiné est conservé et servira la prochaine fois.</translation>
    </message>
    <message>
        <source>The device is another one now: calibrate its own scale.</source>
        <translation>L’appareil a changé : étalonnez sa propre échelle.</translation>
    </message>
    <message>
        <source>The earlier picture is being laid anew</source>
        <translation>L’image antérieure est en cours de nouvelle superposition</translation>
    </message>
    <message>
        <source>The earlier picture is being laid on this visit's.</source>
        <translation>L’image antérieure est en cours de superposition sur celle de cette consultation.</translation>
    </message>
    <message>
        <source>The earlier picture is laid over the live one, and there is none at present.</source>
        <translation>L’image antérieure se superpose à l’image en direct, et il n’y en a pas actuellement.</translation>
    </message>
    <message>
        <source>The earlier visit is no longer on record as one of this woman's: it is not shown any more.</source>
        <translation>La consultation antérieure n’est plus enregistrée comme étant celle de cette patiente : elle n’est plus affichée.</translation>
    </message>
    <message>
        <source>The engine is not done yet.</source>
        <translation>Le moteur n’a pas encore terminé.</translation>
    </message>
    <message>
        <source>The engine is reading the pair ...</source>
        <translation>Le moteur lit la paire ...</translation>
    </message>
    <message>
        <source>The error is not known: spread the spots, the others lie on one line.</source>
        <translation>L’erreur n’est pas connue : espacez les points, les autres sont sur une même droite.</translation>
    </message>
    <message>
        <source>The examination</source>
        <translation>L’examen</translation>
    </message>
    <message>
        <source>The examination goes on. That it began is not on record yet, and is tried again.</source>
        <translation>L’examen continue. Son début n’est pas encore consigné ; nouvel essai en cours.</translation>
    </message>
    <message>
        <source>The examiner of the visit is recorded as {reader}.</source>
        <translation>L’examinateur de la consultation est consigné comme {reader}.</translation>
    </message>
    <message>
        <source>The examiner on record is another person: {name}.</source>
        <translation>L’examinateur consigné est une autre personne : {name}.</translation>
    </message>
    <message>
        <source>The export was cancelled. What was written until then was removed. Once the first file was written, it is on record that the export was begun and cancelled.</source>
        <translation>L’export a été annulé. Ce qui avait été écrit jusque-là a été supprimé. Dès que le premier fichier est écrit, il est consigné que l’export a été commencé et annulé.</translation>
    </message>
    <message>
        <source>The export was stopped. No file was written.</source>
        <translation>L’export a été arrêté. Aucun fichier n’a été écrit.</translation>
    </message>
    <message>
        <source>The fifth reason</source>
        <translation>Le cinquième motif</translation>
    </message>
    <message>
        <source>The file's name says {name}.</source>
        <translation>Le nom du fichier indique {name}.</translation>
    </message>
    <message>
        <source>The file's own record says {name}, born {day}.</source>
        <translation>Les données du fichier lui-même indiquent {name}, née le {day}.</translation>
    </message>
    <message>
        <source>The file's own record says {name}.</source>
        <translation>Les données du fichier lui-même indiquent {name}.</translation>
    </message>
    <message>
        <source>The findings were entered by another person: {name}.</source>
        <translation>Les constatations ont été saisies par une autre personne : {name}.</translation>
    </message>
    <message>
        <source>The first account is yours: clinician and administrator. There is no other way in but passwords and the recovery key, which is shown once after this. Without any of them the pictures are lost for good.</source>
        <translation>Le premier compte est le vôtre : clinicien et administrateur. Il n’y a pas d’autre accès que les mots de passe et la clé de récupération, qui est affichée une seule fois ensuite. Sans aucun d’eux, les images sont définitivement perdues.</translation>
    </message>
    <message>
        <source>The first {shown} of {all:,}.</source>
        <translation>Les {shown} premières sur {all:,}.</translation>
    </message>
    <message>
        <source>The first, all others are laid on it</source>
        <translation>La première ; toutes les autres sont superposées à elle</translation>
    </message>
    <message>
        <source>The fluorescence picture is being laid anew</source>
        <translation>L’image en fluorescence est en cours de nouvelle superposition</translation>
    </message>
    <message>
        <source>The fluorescence picture shows only a part of this view.</source>
        <translation>L’image en fluorescence ne montre qu’une partie de ce champ.</translation>
    </message>
    <message>
        <source>The folder {path} cannot be reached ({why}). Waiting for it.</source>
        <translation>Le dossier {path} est inaccessible ({why}). En attente.</translation>
    </message>
    <message>
        <source>The frame is in the visit.</source>
        <translation>L’image est dans la consultation.</translation>
    </message>
    <message>
        <source>The green filter picture shows only a part of this view.</source>
        <translation>L’image au filtre vert ne montre qu’une partie de ce champ.</translation>
    </message>
    <message numerus="yes">
        <source>The highest Swede score counts: %n lesion(s) to be scored.</source>
        <translation>
            <numerusform>Le score de Swede le plus élevé compte : %n lésion à coter.</numerusform>
            <numerusform>Le score de Swede le plus élevé compte : %n lésions à coter.</numerusform>
        </translation>
    </message>
    <message>
        <source>The highest Swede score counts: {status}.</source>
        <translation>Le score de Swede le plus élevé compte : {status}.</translation>
    </message>
    <message>
        <source>The identity was corrected after this signature: see the top of the report.</source>
        <translation>L’identité a été corrigée après cette signature : voir le haut du compte rendu.</translation>
    </message>
    <message>
        <source>The import is not done. Its plan is kept: Import pictures in Today shows it again.</source>
        <translation>L’importation n’est pas terminée. Son plan est conservé : Importer des images, dans Aujourd’hui, l’affiche de nouveau.</translation>
    </message>
    <message>
        <source>The impression was changed after the last read that stands here, by a version of this program that did not record this as a second read. The impression is what was said last.</source>
        <translation>L’impression a été modifiée après la dernière lecture qui figure ici, par une version de ce programme qui ne l’a pas consigné comme seconde lecture. L’impression est ce qui a été dit en dernier.</translation>
    </message>
    <message>
        <source>The installer itself is then run by who may install programs on this computer.</source>
        <translation>Ensuite, la personne autorisée à installer des programmes sur cet ordinateur lance l’installateur.</translation>
    </message>
    <message>
        <source>The journal keeps the signing as {name}.</source>
        <translation>La piste d’audit conserve la signature au nom de {name}.</translation>
    </message>
    <message>
        <source>The key is the one with this fingerprint: {fingerprint}.</source>
        <translation>La clé est celle qui porte cette empreinte : {fingerprint}.</translation>
    </message>
    <message>
        <source>The keys are those of the pages of a library: they can be shown once one is open.</source>
        <translation>Les touches sont celles des pages d’une bibliothèque : elles peuvent être affichées dès qu’une bibliothèque est ouverte.</translation>
    </message>
    <message>
        <source>The letter of {day} does not count: a result was entered after it, on {entered}.</source>
        <translation>Le courrier du {day} ne compte pas : un résultat a été saisi après, le {entered}.</translation>
    </message>
    <message>
        <source>The library is backed up first, into {folder}.</source>
        <translation>La bibliothèque est d’abord sauvegardée dans {folder}.</translation>
    </message>
    <message>
        <source>The library is not open</source>
        <translation>La bibliothèque n’est pas ouverte</translation>
    </message>
    <message>
        <source>The library was not opened. Nothing was changed.</source>
        <translation>La bibliothèque n’a pas été ouverte. Rien n’a été modifié.</translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or milder has {together:.2f}.</source>
        <translation>Le grade isolé le plus probable est {likeliest} ({share:.2f}). Le grade est {grade}, la médiane : {grade} ou moins sévère totalise {together:.2f}.</translation>
    </message>
    <message>
        <source>The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or worse has {together:.2f}.</source>
        <translation>Le grade isolé le plus probable est {likeliest} ({share:.2f}). Le grade est {grade}, la médiane : {grade} ou plus sévère totalise {together:.2f}.</translation>
    </message>
    <message>
        <source>The list is still the one from before.</source>
        <translation>La liste est encore celle d’avant.</translation>
    </message>
    <message>
        <source>The list of pseudonyms is kept in the library, encrypted with it. Nothing of it is in the export.</source>
        <translation>La liste des pseudonymes est conservée dans la bibliothèque, chiffrée avec elle. Rien de cette liste n’est dans l’export.</translation>
    </message>
    <message>
        <source>The locked test has not been looked at yet. Each look is counted and on record.</source>
        <translation>Le test verrouillé n’a pas encore été regardé. Chaque accès est compté et consigné.</translation>
    </message>
    <message numerus="yes">
        <source>The locked test was looked at %n time(s). Each look is counted and on record: whoever chooses among models by it wears it out.</source>
        <translation>
            <numerusform>Le test verrouillé a été regardé %n fois. Chaque accès est compté et consigné : choisir entre des modèles d’après lui l’use.</numerusform>
            <numerusform>Le test verrouillé a été regardé %n fois. Chaque accès est compté et consigné : choisir entre des modèles d’après lui l’use.</numerusform>
        </translation>
    </message>
    <message>
        <source>The manifest says {identifier} for pictures in {folders}: look that it is so.</source>
        <translation>Le manifeste indique {identifier} pour des images de {folders} : vérifiez que c’est exact.</translation>
    </message>
    <message>
        <source>The map of whitening cannot be read: have the library checked in Settings.</source>
        <translation>La carte du blanchiment ne peut pas être lue : faites vérifier la bibliothèque dans Réglages.</translation>
    </message>
    <message>
        <source>The model is asked ...</source>
        <translation>Le modèle est interrogé ...</translation>
    </message>
    <message>
        <source>The model reads pairs of these sources, and refuses others</source>
        <translation>Le modèle lit les paires de ces sources et refuse les autres</translation>
    </message>
    <message>
        <source>The moment of this mark has passed: its picture stays. W takes another one.</source>
        <translation>Le moment de ce repère est passé : son image reste. W en prend une autre.</translation>
    </message>
    <message>
        <source>The name, written beside your reads and signatures.</source>
        <translation>Le nom, inscrit à côté de vos lectures et signatures.</translation>
    </message>
    <message>
        <source>The network follows a preprint (PConvFusionModel) that was not peer reviewed. The shipped model is a {model}: its figures on phantoms say nothing about its performance on women.</source>
        <translation>Le réseau suit une prépublication (PConvFusionModel) qui n’a pas été évaluée par des pairs. Le modèle fourni est un {model} : ses chiffres sur des fantômes ne disent rien de ses performances chez des patientes.</translation>
    </message>
    <message>
        <source>The new folder {folder}</source>
        <translation>Le nouveau dossier {folder}</translation>
    </message>
    <message>
        <source>The new password again</source>
        <translation>Le nouveau mot de passe, encore une fois</translation>
    </message>
    <message>
        <source>The new version brings a library from version {old} to {new} when it opens it, and keeps a copy of its database.</source>
        <translation>La nouvelle version fait passer une bibliothèque de la version {old} à la version {new} quand elle l’ouvre, et garde une copie de sa base de données.</translation>
    </message>
    <message>
        <source>The next backup writes it anew</source>
        <translation>La prochaine sauvegarde l’écrit à nouveau</translation>
    </message>
    <message>
        <source>The next picture</source>
        <translation>L’image suivante</translation>
    </message>
    <message>
        <source>The next picture (full stop)</source>
        <translation>L’image suivante (point)</translation>
    </message>
    <message>
        <source>The os is marked already. To move it, press O and click where it is.</source>
        <translation>L’orifice externe est déjà marqué. Pour le déplacer, appuyez sur O et cliquez à son emplacement.</translation>
    </message>
    <message>
        <source>The os is marked on one picture, the cervix drawn on the other, and the pair is not registered</source>
        <translation>L’orifice externe est marqué sur une image, le col est dessiné sur l’autre, et la paire n’est pas recalée</translation>
    </message>
    <message>
        <source>The os is marked on the other picture, and the pair is not registered</source>
        <translation>L’orifice externe est marqué sur l’autre image, et la paire n’est pas recalée</translation>
    </message>
    <message>
        <source>The os is not marked</source>
        <translation>L’orifice externe n’est pas marqué</translation>
    </message>
    <message>
        <source>The os is still being looked for.</source>
        <translation>La recherche de l’orifice externe est encore en cours.</translation>
    </message>
    <message>
        <source>The os lies outside the outline of the cervix</source>
        <translation>L’orifice externe se trouve hors du contour du col</translation>
    </message>
    <message>
        <source>The os was not looked for.</source>
        <translation>L’orifice externe n’a pas été recherché.</translation>
    </message>
    <message>
        <source>The outline of the cervix is not drawn</source>
        <translation>Le contour du col n’est pas dessiné</translation>
    </message>
    <message>
        <source>The pair as it was (Esc)</source>
        <translation>La paire telle qu’elle était (Échap)</translation>
    </message>
    <message>
        <source>The pair before</source>
        <translation>La paire précédente</translation>
    </message>
    <message>
        <source>The pair is being registered.</source>
        <translation>La paire est en cours de recalage.</translation>
    </message>
    <message>
        <source>The pair was not registered again.</source>
        <translation>La paire n’a pas été recalée à nouveau.</translation>
    </message>
    <message>
        <source>The pair {problem}.</source>
        <translation>La paire {problem}.</translation>
    </message>
    <message>
        <source>The picture before</source>
        <translation>L’image précédente</translation>
    </message>
    <message>
        <source>The picture before (comma)</source>
        <translation>L’image précédente (virgule)</translation>
    </message>
    <message>
        <source>The picture could not be taken; the error is in the log. Take it again.</source>
        <translation>L’image n’a pas pu être prise ; l’erreur est dans le journal. Refaites-la.</translation>
    </message>
    <message>
        <source>The picture taken last is on its way to the library. Press again once it is there.</source>
        <translation>La dernière image prise est en route vers la bibliothèque. Appuyez de nouveau quand elle y est.</translation>
    </message>
    <message>
        <source>The pictures after acetic acid, one after the other, each on the first (F9)</source>
        <translation>Les images après acide acétique, l’une après l’autre, chacune superposée à la première (F9)</translation>
    </message>
    <message>
        <source>The pictures again, for others</source>
        <translation>Les images une seconde fois, pour d’autres personnes</translation>
    </message>
    <message>
        <source>The pictures are being registered.</source>
        <translation>Les images sont en cours de recalage.</translation>
    </message>
    <message>
        <source>The pictures are not registered: {reason}. They are shown side by side, each in its own frame.</source>
        <translation>Les images ne sont pas recalées : {reason}. Elles sont affichées côte à côte, chacune dans son propre cadre.</translation>
    </message>
    <message>
        <source>The pictures are still being looked for.</source>
        <translation>La recherche des images est encore en cours.</translation>
    </message>
    <message>
        <source>The pictures are still loading.</source>
        <translation>Les images sont encore en cours de chargement.</translation>
    </message>
    <message>
        <source>The pictures come first: wait until they are shown.</source>
        <translation>Les images d’abord : attendez qu’elles soient affichées.</translation>
    </message>
    <message>
        <source>The pictures could not be loaded.</source>
        <translation>Les images n’ont pas pu être chargées.</translation>
    </message>
    <message>
        <source>The pictures do not settle the grade; your own read decides.</source>
        <translation>Les images ne permettent pas de trancher le grade ; votre propre lecture décide.</translation>
    </message>
    <message>
        <source>The plan of this site does not count: {problem}. The default plan does, until one is saved.</source>
        <translation>Le protocole de ce centre n’est pas pris en compte : {problem}. Le protocole par défaut s’applique jusqu’à ce qu’un autre soit enregistré.</translation>
    </message>
    <message>
        <source>The plan of this site is saved. It holds for examinations that begin from now on.</source>
        <translation>Le protocole de ce centre est enregistré. Il s’applique aux examens qui commencent à partir de maintenant.</translation>
    </message>
    <message>
        <source>The plan of this site, for all who examine here. It holds for examinations that begin from now on. A step with seconds is a mark of the clock since acetic acid.</source>
        <translation>Le protocole de ce centre, pour toutes les personnes qui examinent ici. Il s’applique aux examens qui commencent à partir de maintenant. Une étape avec des secondes est un repère du chronomètre depuis l’acide acétique.</translation>
    </message>
    <message>
        <source>The points lie on top of each other or on one line. Spread them over the cervix.</source>
        <translation>Les points sont superposés ou sur une même droite. Répartissez-les sur le col.</translation>
    </message>
    <message>
        <source>The preview is being made ...</source>
        <translation>L’aperçu est en préparation ...</translation>
    </message>
    <message>
        <source>The program cannot look for words: {why}</source>
        <translation>Le programme ne peut pas rechercher de texte : {why}</translation>
    </message>
    <message>
        <source>The program cannot start.</source>
        <translation>Le programme ne peut pas démarrer.</translation>
    </message>
    <message>
        <source>The program ended without closing the library.</source>
        <translation>Le programme s’est terminé sans fermer la bibliothèque.</translation>
    </message>
    <message>
        <source>The program ended without closing the library. What was done is there, and can be undone as before.</source>
        <translation>Le programme s’est terminé sans fermer la bibliothèque. Ce qui a été fait est là et peut être annulé comme auparavant.</translation>
    </message>
    <message>
        <source>The program found no words; it misses some.</source>
        <translation>Le programme n’a trouvé aucun texte ; certains lui échappent.</translation>
    </message>
    <message numerus="yes">
        <source>The program found words in %n picture(s); it misses some.</source>
        <translation>
            <numerusform>Le programme a trouvé du texte dans %n image ; certains textes lui échappent.</numerusform>
            <numerusform>Le programme a trouvé du texte dans %n images ; certains textes lui échappent.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The program looks for words: %n picture(s) to go.</source>
        <translation>
            <numerusform>Le programme recherche du texte : encore %n image.</numerusform>
            <numerusform>Le programme recherche du texte : encore %n images.</numerusform>
        </translation>
    </message>
    <message>
        <source>The program, its backends, the computer, devices and folders, each with what to do about it; `pfm doctor` says the same. It is in English, names nothing of any patient and no folder of yours, and is sent to nobody.</source>
        <translation>Le programme, ses moteurs de calcul, l’ordinateur, les appareils et les dossiers, chacun avec ce qu’il faut faire ; `pfm doctor` dit la même chose. C’est en anglais, cela ne nomme rien d’aucune patiente ni aucun de vos dossiers, et n’est envoyé à personne.</translation>
    </message>
    <message>
        <source>The quality of these pictures has not been checked.</source>
        <translation>La qualité de ces images n’a pas été vérifiée.</translation>
    </message>
    <message>
        <source>The report on pot {pots} is dated before the visit: is it this woman's, and of this visit?</source>
        <translation>Le compte rendu du pot {pots} est daté d’avant la consultation : est-il de cette patiente, et de cette consultation ?</translation>
    </message>
    <message>
        <source>The report that was signed is kept as it is. The visit can be changed then, and has to be signed anew; the new report says which one it takes the place of, and why.</source>
        <translation>Le compte rendu signé est conservé tel quel. La consultation peut alors être modifiée et doit être signée à nouveau ; le nouveau compte rendu indique lequel il remplace, et pourquoi.</translation>
    </message>
    <message>
        <source>The same password again</source>
        <translation>Le même mot de passe, encore une fois</translation>
    </message>
    <message>
        <source>The same picture was given twice.</source>
        <translation>La même image a été donnée deux fois.</translation>
    </message>
    <message>
        <source>The scale cannot be calibrated: {why}.</source>
        <translation>L’échelle ne peut pas être étalonnée : {why}.</translation>
    </message>
    <message>
        <source>The scale is in use: {scale:.4g} mm a pixel. It stands with every picture taken from now on.</source>
        <translation>L’échelle est en service : {scale:.4g} mm par pixel. Elle accompagne chaque image prise à partir de maintenant.</translation>
    </message>
    <message>
        <source>The scale is that of this picture: its strongest place is 1, however weak it is.</source>
        <translation>L’échelle est celle de cette image : son point le plus fort vaut 1, si faible qu’il soit.</translation>
    </message>
    <message>
        <source>The seconds since acetic acid are not known of any picture: there is no order in which to play them.</source>
        <translation>Les secondes depuis l’acide acétique ne sont connues pour aucune image : il n’y a pas d’ordre dans lequel les lire.</translation>
    </message>
    <message>
        <source>The site's template of reports was not used: {reason}.</source>
        <translation>Le modèle de comptes rendus du centre n’a pas été utilisé : {reason}.</translation>
    </message>
    <message>
        <source>The sixth reason</source>
        <translation>Le sixième motif</translation>
    </message>
    <message>
        <source>The structures of the two pictures do not agree where the points put them.</source>
        <translation>Les structures des deux images ne concordent pas là où les points les placent.</translation>
    </message>
    <message>
        <source>The task has no name yet</source>
        <translation>La tâche n’a pas encore de nom</translation>
    </message>
    <message>
        <source>The time left is said while it runs; stopped, no task is made.</source>
        <translation>Le temps restant est indiqué pendant l’exécution ; en cas d’arrêt, aucune tâche n’est créée.</translation>
    </message>
    <message>
        <source>The time since acetic acid is right, and pictures of this examination go on by the clock as it was when it began.</source>
        <translation>Le temps depuis l’acide acétique est exact, et les images de cet examen continuent d’après l’horloge telle qu’elle était au début.</translation>
    </message>
    <message>
        <source>The tour is over. Help, Take the tour shows it again.</source>
        <translation>La visite guidée est terminée. Aide, Visite guidée l’affiche de nouveau.</translation>
    </message>
    <message>
        <source>The tour is shown on the demo library, on phantoms. The library that is open now is closed for it; File, Open another library brings it back, and the next start opens it as before.</source>
        <translation>La visite guidée est présentée sur la bibliothèque de démonstration, sur des fantômes. La bibliothèque ouverte actuellement est fermée pour cela ; Fichier, Ouvrir une autre bibliothèque la rétablit, et le prochain démarrage l’ouvre comme auparavant.</translation>
    </message>
    <message>
        <source>The tour waits: this step is about {page}. Stay here as long as you like.</source>
        <translation>La visite guidée attend : cette étape concerne {page}. Restez ici aussi longtemps que vous le souhaitez.</translation>
    </message>
    <message>
        <source>The trail does not hold (checked at {time}). Keep the library as it is, and compare it with a backup:</source>
        <translation>La piste d’audit n’est pas intègre (vérifiée : {time}). Conservez la bibliothèque telle quelle et comparez-la à une sauvegarde :</translation>
    </message>
    <message numerus="yes">
        <source>The trail holds: (its|all) %n line(s) (is|are) as written, in order, and none is missing. Checked at {time}.</source>
        <translation>
            <numerusform>La piste d’audit est intègre : sa %n ligne est telle qu’elle a été écrite, dans l’ordre, et aucune ne manque. Vérifiée : {time}.</numerusform>
            <numerusform>La piste d’audit est intègre : ses %n lignes sont toutes telles qu’elles ont été écrites, dans l’ordre, et aucune ne manque. Vérifiée : {time}.</numerusform>
        </translation>
    </message>
    <message>
        <source>The two are not aligned.</source>
        <translation>Les deux ne sont pas alignées.</translation>
    </message>
    <message>
        <source>The two are not aligned: {reason}. They stand side by side, each in its own frame.</source>
        <translation>Les deux ne sont pas alignées : {reason}. Elles sont côte à côte, chacune dans son propre cadre.</translation>
    </message>
    <message>
        <source>The two do not belong together</source>
        <translation>Les deux ne vont pas ensemble</translation>
    </message>
    <message>
        <source>The two passwords differ.</source>
        <translation>Les deux mots de passe diffèrent.</translation>
    </message>
    <message>
        <source>The two pictures do not seem to belong together.</source>
        <translation>Les deux images ne semblent pas aller ensemble.</translation>
    </message>
    <message>
        <source>The two pictures show too little of the same tissue.</source>
        <translation>Les deux images montrent trop peu de tissu en commun.</translation>
    </message>
    <message>
        <source>The two stay side by side, not aligned</source>
        <translation>Les deux restent côte à côte, non alignées</translation>
    </message>
    <message>
        <source>The user guide is in English only.</source>
        <translation>Le guide d’utilisation n’existe qu’en anglais.</translation>
    </message>
    <message>
        <source>The view moved between the two: hold still, and take the pair again if there is time.</source>
        <translation>Le champ a bougé entre les deux : restez immobile, et refaites la paire s’il reste du temps.</translation>
    </message>
    <message>
        <source>The visit opens as soon as the library is open.</source>
        <translation>La consultation s’ouvre dès que la bibliothèque est ouverte.</translation>
    </message>
    <message>
        <source>The visit was signed before the AI answer was revealed: it stays hidden.</source>
        <translation>La consultation a été signée avant que la réponse de l’IA soit révélée : celle-ci reste masquée.</translation>
    </message>
    <message>
        <source>The visits are still being looked for.</source>
        <translation>La recherche des consultations est encore en cours.</translation>
    </message>
    <message>
        <source>The visits that I tick ({count:,} ticked)</source>
        <translation>Les consultations que je coche ({count:,} cochées)</translation>
    </message>
    <message>
        <source>The whitening of this place is on record.</source>
        <translation>Le blanchiment de cet emplacement est consigné.</translation>
    </message>
    <message>
        <source>The whole picture (F)</source>
        <translation>L’image entière (F)</translation>
    </message>
    <message>
        <source>The women of the locked test are set aside for good: no model of this library ever learns from them. What is learned stays in quarantine and answers nothing until it is compared on them and promoted with a signature.</source>
        <translation>Les patientes du test verrouillé sont mises de côté définitivement : aucun modèle de cette bibliothèque n’apprend jamais à partir d’elles. Ce qui est appris reste en quarantaine et ne répond à rien avant d’avoir été comparé sur elles et promu avec une signature.</translation>
    </message>
    <message>
        <source>The {picture}</source>
        <translation>L’{picture}</translation>
    </message>
    <message>
        <source>The {source} picture is being laid anew</source>
        <translation>L’image ({source}) est en cours de nouvelle superposition</translation>
    </message>
    <message>
        <source>The {source} picture was not used.</source>
        <translation>L’image ({source}) n’a pas été utilisée.</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Thème</translation>
    </message>
    <message>
        <source>Then: {indication}</source>
        <translation>À l’époque : {indication}</translation>
    </message>
    <message>
        <source>There already</source>
        <translation>Déjà présent</translation>
    </message>
    <message>
        <source>There is a plan that was not imported yet. Throw it away, and look at what was dropped now?</source>
        <translation>Un plan n’a pas encore été importé. L’abandonner et examiner ce qui vient d’être déposé ?</translation>
    </message>
    <message>
        <source>There is no AI answer for this pair.</source>
        <translation>Il n’y a pas de réponse de l’IA pour cette paire.</translation>
    </message>
    <message>
        <source>There is no AI answer. {message}</source>
        <translation>Il n’y a pas de réponse de l’IA. {message}</translation>
    </message>
    <message>
        <source>There is no AI answer. {problem}</source>
        <translation>Il n’y a pas de réponse de l’IA. {problem}</translation>
    </message>
    <message>
        <source>There is no AI answer: {why}</source>
        <translation>Il n’y a pas de réponse de l’IA : {why}</translation>
    </message>
    <message>
        <source>There is no answer for these pictures yet.</source>
        <translation>Il n’y a pas encore de réponse pour ces images.</translation>
    </message>
    <message>
        <source>There is no answer to reveal.</source>
        <translation>Il n’y a pas de réponse à révéler.</translation>
    </message>
    <message>
        <source>There is no earlier visit of hers with a white-light picture.</source>
        <translation>Il n’y a aucune consultation antérieure de cette patiente avec une image en lumière blanche.</translation>
    </message>
    <message>
        <source>There is no key yet: the first signed export makes it, and its fingerprint stands here then.</source>
        <translation>Il n’y a pas encore de clé : le premier export signé la crée, et son empreinte figurera ici.</translation>
    </message>
    <message>
        <source>There is no picture from the camera to take.</source>
        <translation>Il n’y a pas d’image de la caméra à prendre.</translation>
    </message>
    <message>
        <source>There is no picture to add. Choose a file, or drop one here.</source>
        <translation>Il n’y a pas d’image à ajouter. Choisissez un fichier ou déposez-en un ici.</translation>
    </message>
    <message>
        <source>There is no preview. {message}</source>
        <translation>Il n’y a pas d’aperçu. {message}</translation>
    </message>
    <message>
        <source>There is no registration for these pictures.</source>
        <translation>Il n’y a pas de recalage pour ces images.</translation>
    </message>
    <message>
        <source>There is no such page in the guide: {link}</source>
        <translation>Il n’y a pas de telle page dans le guide : {link}</translation>
    </message>
    <message>
        <source>There is no {source} picture.</source>
        <translation>Il n’y a pas d’image ({source}).</translation>
    </message>
    <message>
        <source>There is nothing to be seen in it: retake.</source>
        <translation>On n’y voit rien : refaites l’image.</translation>
    </message>
    <message>
        <source>These are the first {count}; the CSV has all.</source>
        <translation>Voici les {count} premières lignes ; le CSV les contient toutes.</translation>
    </message>
    <message>
        <source>These pictures stand elsewhere by now. Choose them again.</source>
        <translation>Ces images sont ailleurs à présent. Choisissez-les à nouveau.</translation>
    </message>
    <message>
        <source>They stay in the folder. Import brings them in later.</source>
        <translation>Elles restent dans le dossier. Importer les intègre plus tard.</translation>
    </message>
    <message numerus="yes">
        <source>They were taken %n minute(s) apart: use pictures that were taken together.</source>
        <translation>
            <numerusform>Elles ont été prises à %n minute d’intervalle : utilisez des images prises ensemble.</numerusform>
            <numerusform>Elles ont été prises à %n minutes d’intervalle : utilisez des images prises ensemble.</numerusform>
        </translation>
    </message>
    <message>
        <source>They were taken {hours} hours apart: use pictures that were taken together.</source>
        <translation>Elles ont été prises à {hours} heures d’intervalle : utilisez des images prises ensemble.</translation>
    </message>
    <message>
        <source>Thickness, stroma to surface</source>
        <translation>Épaisseur, du stroma à la surface</translation>
    </message>
    <message>
        <source>Thin, milky</source>
        <translation>Fine, laiteuse</translation>
    </message>
    <message>
        <source>This device gives no fluorescence. Leave the step out, take a white-light picture, or choose another device.</source>
        <translation>Cet appareil ne donne pas de fluorescence. Omettez l’étape, prenez une image en lumière blanche ou choisissez un autre appareil.</translation>
    </message>
    <message>
        <source>This device takes its pictures itself: press its own button, and they come into the visit.</source>
        <translation>Cet appareil prend lui-même ses images : appuyez sur son propre bouton, et elles arrivent dans la consultation.</translation>
    </message>
    <message>
        <source>This export is not recorded: the library is read-only.</source>
        <translation>Cet export n’est pas consigné : la bibliothèque est en lecture seule.</translation>
    </message>
    <message>
        <source>This frame is in the visit already.</source>
        <translation>Cette image est déjà dans la consultation.</translation>
    </message>
    <message>
        <source>This is no address of a camera. It begins with usb:, rtsp://, http://, genicam: or file:/.</source>
        <translation>Ce n’est pas l’adresse d’une caméra. Elle commence par usb:, rtsp://, http://, genicam: ou file:/.</translation>
    </message>
    <message>
        <source>This is the demo library. For your own patients make a library of your own in Settings.</source>
        <translation>Ceci est la bibliothèque de démonstration. Pour vos propres patientes, créez votre propre bibliothèque dans Réglages.</translation>
    </message>
    <message>
        <source>This is the demo library: do not keep real women here. Their place is a library of your own (Settings).</source>
        <translation>Ceci est la bibliothèque de démonstration : n’y conservez pas de vraies patientes. Leur place est dans votre propre bibliothèque (Réglages).</translation>
    </message>
    <message>
        <source>This is the demonstration library: all of it is on phantoms.</source>
        <translation>Ceci est la bibliothèque de démonstration : tout y est sur des fantômes.</translation>
    </message>
    <message>
        <source>This is your second read. One that differs from the AI needs a reason.</source>
        <translation>Ceci est votre seconde lecture. Si elle diffère de l’IA, elle nécessite un motif.</translation>
    </message>
    <message>
        <source>This key opens the library if every password is forgotten. Print it or write it down, and keep it in a safe place away from this computer. It is not shown again, and nobody can make it again; an administrator can make another.</source>
        <translation>Cette clé ouvre la bibliothèque si tous les mots de passe sont oubliés. Imprimez-la ou notez-la, et gardez-la en lieu sûr, loin de cet ordinateur. Elle n’est plus affichée ensuite, et personne ne peut la recréer ; un administrateur peut en créer une autre.</translation>
    </message>
    <message>
        <source>This leads out of the program, which opens nothing on the net: {link}</source>
        <translation>Ceci mène hors du programme, qui n’ouvre rien sur le réseau : {link}</translation>
    </message>
    <message>
        <source>This library is a demonstration: the woman is made up and the pictures are computer-drawn phantoms.</source>
        <translation>Cette bibliothèque est une démonstration : la patiente est inventée et les images sont des fantômes dessinés par ordinateur.</translation>
    </message>
    <message>
        <source>This library is not encrypted and has no accounts: the name above is what stands beside your reads. For pictures of real women make an encrypted library (New library...).</source>
        <translation>Cette bibliothèque n’est pas chiffrée et n’a pas de comptes : le nom ci-dessus est celui qui figure à côté de vos lectures. Pour des images de vraies patientes, créez une bibliothèque chiffrée (Nouvelle bibliothèque...).</translation>
    </message>
    <message>
        <source>This library is not encrypted: the list of pseudonyms lies readable in it, for whoever can read its folder.</source>
        <translation>Cette bibliothèque n’est pas chiffrée : la liste des pseudonymes y est lisible pour quiconque peut lire son dossier.</translation>
    </message>
    <message>
        <source>This library is open already.</source>
        <translation>Cette bibliothèque est déjà ouverte.</translation>
    </message>
    <message>
        <source>This library is open for reading only ({why}), and an export must go on record. Open it where it can be written, then export again.</source>
        <translation>Cette bibliothèque est ouverte en lecture seule ({why}), et un export doit être consigné. Ouvrez-la là où elle peut être écrite, puis exportez de nouveau.</translation>
    </message>
    <message>
        <source>This library is open for reading only, and an export must go on record.</source>
        <translation>Cette bibliothèque est ouverte en lecture seule, et un export doit être consigné.</translation>
    </message>
    <message>
        <source>This library is open for reading only: nothing can be learned from it here.</source>
        <translation>Cette bibliothèque est ouverte en lecture seule : rien ne peut en être appris ici.</translation>
    </message>
    <message>
        <source>This line cannot be read: it is not what was written.</source>
        <translation>Cette ligne ne peut pas être lue : ce n’est pas ce qui a été écrit.</translation>
    </message>
    <message>
        <source>This looks like a fluorescence picture: give it as that, and of two pictures swap them.</source>
        <translation>Ceci ressemble à une image en fluorescence : indiquez-la comme telle et, s’il y a deux images, échangez-les.</translation>
    </message>
    <message>
        <source>This looks like a white-light picture: give it as that, and of two pictures swap them.</source>
        <translation>Ceci ressemble à une image en lumière blanche : indiquez-la comme telle et, s’il y a deux images, échangez-les.</translation>
    </message>
    <message>
        <source>This model cannot tell whether {sources} is like anything it learned from.</source>
        <translation>Ce modèle ne peut pas dire si {sources} ressemble à quoi que ce soit de ce qu’il a appris.</translation>
    </message>
    <message>
        <source>This model has no CARD.md.</source>
        <translation>Ce modèle n’a pas de CARD.md.</translation>
    </message>
    <message>
        <source>This moment is not in white light: nothing was frozen.</source>
        <translation>Ce moment n’est pas en lumière blanche : rien n’a été figé.</translation>
    </message>
    <message>
        <source>This pair cannot be shown: {why}.

Press 0 to go on without a grade, or F5 to try again.</source>
        <translation>Cette paire ne peut pas être affichée : {why}.

Appuyez sur 0 pour continuer sans grade, ou sur F5 pour réessayer.</translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in a visit of {name} (ID {identifier}) and in %n more visit(s).</source>
        <translation>
            <numerusform>Cette image est déjà dans une consultation de {name} (identifiant {identifier}) et dans %n autre consultation.</numerusform>
            <numerusform>Cette image est déjà dans une consultation de {name} (identifiant {identifier}) et dans %n autres consultations.</numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in a visit of {name} (ID {identifier}).</source>
        <translation>Cette image est déjà dans une consultation de {name} (identifiant {identifier}).</translation>
    </message>
    <message numerus="yes">
        <source>This picture is already in another visit of this woman ({day}) and in %n more visit(s).</source>
        <translation>
            <numerusform>Cette image est déjà dans une autre consultation de cette patiente ({day}) et dans %n consultation de plus.</numerusform>
            <numerusform>Cette image est déjà dans une autre consultation de cette patiente ({day}) et dans %n consultations de plus.</numerusform>
        </translation>
    </message>
    <message>
        <source>This picture is already in another visit of this woman ({day}).</source>
        <translation>Cette image est déjà dans une autre consultation de cette patiente ({day}).</translation>
    </message>
    <message>
        <source>This picture is already in this visit.</source>
        <translation>Cette image est déjà dans cette consultation.</translation>
    </message>
    <message>
        <source>This picture is black and white: use the colour picture, or switch the camera to colour, then retake.</source>
        <translation>Cette image est en noir et blanc : utilisez l’image en couleur ou passez la caméra en couleur, puis refaites l’image.</translation>
    </message>
    <message>
        <source>This shows no tissue: choose the picture of the cervix.</source>
        <translation>Aucun tissu n’est visible : choisissez l’image du col.</translation>
    </message>
    <message>
        <source>This task is closed: open it again to decide in it</source>
        <translation>Cette tâche est fermée : rouvrez-la pour y arbitrer</translation>
    </message>
    <message>
        <source>This visit</source>
        <translation>Cette consultation</translation>
    </message>
    <message>
        <source>This visit is of {day}, not of today. Press again within 3 seconds to take pictures into it all the same, or begin a new visit of her in Today.</source>
        <translation>Cette consultation est du {day}, pas d’aujourd’hui. Appuyez de nouveau dans les 3 secondes pour y prendre tout de même des images, ou commencez une nouvelle consultation de la patiente dans Aujourd’hui.</translation>
    </message>
    <message>
        <source>This visit is signed: begin a new visit of her in Today.</source>
        <translation>Cette consultation est signée : commencez une nouvelle consultation de la patiente dans Aujourd’hui.</translation>
    </message>
    <message>
        <source>This would stop the clock of acetic acid. Undo again within 3 seconds to take it back.</source>
        <translation>Cela arrêterait le chronomètre de l’acide acétique. Annulez de nouveau dans les 3 secondes pour le faire.</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Seuil</translation>
    </message>
    <message>
        <source>Threshold of the model attention</source>
        <translation>Seuil de l’attention du modèle</translation>
    </message>
    <message>
        <source>Throw it away: press again</source>
        <translation>L’abandonner : appuyez de nouveau</translation>
    </message>
    <message>
        <source>Throw the old plan away</source>
        <translation>Abandonner l’ancien plan</translation>
    </message>
    <message>
        <source>Throw the plan away</source>
        <translation>Abandonner le plan</translation>
    </message>
    <message>
        <source>Tick that you looked at the pictures.</source>
        <translation>Cochez pour indiquer que vous avez regardé les images.</translation>
    </message>
    <message>
        <source>Tilt the light or dab the surface dry.</source>
        <translation>Inclinez la lumière ou séchez la surface en tamponnant.</translation>
    </message>
    <message>
        <source>Time not known</source>
        <translation>Heure non connue</translation>
    </message>
    <message>
        <source>Time of day known</source>
        <translation>Heure du jour connue</translation>
    </message>
    <message>
        <source>Time of the visit</source>
        <translation>Heure de la consultation</translation>
    </message>
    <message>
        <source>Time since acetic acid</source>
        <translation>Temps depuis l’acide acétique</translation>
    </message>
    <message>
        <source>Time: {why}</source>
        <translation>Heure : {why}</translation>
    </message>
    <message>
        <source>To Today</source>
        <translation>Vers Aujourd’hui</translation>
    </message>
    <message>
        <source>To be used with care: {pictures}</source>
        <translation>À utiliser avec précaution : {pictures}</translation>
    </message>
    <message>
        <source>To discuss</source>
        <translation>À discuter</translation>
    </message>
    <message>
        <source>To discuss (MDT)</source>
        <translation>À discuter (RCP)</translation>
    </message>
    <message>
        <source>To end that, make a new recovery key (Settings)</source>
        <translation>Pour y mettre fin, créez une nouvelle clé de récupération (Réglages)</translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People)</source>
        <translation>
            <numerusform>Pour y mettre fin, redéfinissez ce mot de passe (Réglages, Personnes)</numerusform>
            <numerusform>Pour y mettre fin, redéfinissez ces mots de passe (Réglages, Personnes)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>To end that, set (that|those) password(s) anew (Settings, People), and make a new recovery key</source>
        <translation>
            <numerusform>Pour y mettre fin, redéfinissez ce mot de passe (Réglages, Personnes) et créez une nouvelle clé de récupération</numerusform>
            <numerusform>Pour y mettre fin, redéfinissez ces mots de passe (Réglages, Personnes) et créez une nouvelle clé de récupération</numerusform>
        </translation>
    </message>
    <message>
        <source>To her visit of {when}.</source>
        <translation>Vers sa consultation du {when}.</translation>
    </message>
    <message>
        <source>To mark it, press O and click where it is.</source>
        <translation>Pour le marquer, appuyez sur O et cliquez à son emplacement.</translation>
    </message>
    <message>
        <source>To rule a grade out a model needs {enough} women of it: {grades}.</source>
        <translation>Pour exclure un grade, un modèle a besoin de {enough} patientes de ce grade : {grades}.</translation>
    </message>
    <message>
        <source>To take more over, {act}.</source>
        <translation>Pour en reprendre davantage : {act}.</translation>
    </message>
    <message>
        <source>To take more over, {first} and {second}.</source>
        <translation>Pour en reprendre davantage : {first} et {second}.</translation>
    </message>
    <message>
        <source>To whom</source>
        <translation>À qui</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>Aujourd’hui</translation>
    </message>
    <message>
        <source>Too few corners to close: a contour takes 3 and a line 2. Move the cursor away from the last one and set the next.</source>
        <translation>Trop peu de sommets pour fermer : un contour en demande 3 et une ligne 2. Éloignez le curseur du dernier et placez le suivant.</translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women with a picture of {source}.</source>
        <translation>Trop peu de cas pour apprendre : chaque grade demande {enough} patientes avec une image ({source}).</translation>
    </message>
    <message>
        <source>Too few to learn from: each grade needs {enough} women.</source>
        <translation>Trop peu de cas pour apprendre : chaque grade demande {enough} patientes.</translation>
    </message>
    <message>
        <source>Tool</source>
        <translation>Outil</translation>
    </message>
    <message>
        <source>Tool: draw</source>
        <translation>Outil : dessiner</translation>
    </message>
    <message>
        <source>Tool: draw, {drawing}</source>
        <translation>Outil : dessiner, {drawing}</translation>
    </message>
    <message>
        <source>Tour, {counter}. {title}.</source>
        <translation>Visite guidée, {counter}. {title}.</translation>
    </message>
    <message>
        <source>Tour, {counter}: {title}</source>
        <translation>Visite guidée, {counter} : {title}</translation>
    </message>
    <message>
        <source>Transformation zone</source>
        <translation>Zone de transformation</translation>
    </message>
    <message>
        <source>Transformation zone type 3, and the junction is completely visible</source>
        <translation>Zone de transformation de type 3, et la jonction est entièrement visible</translation>
    </message>
    <message>
        <source>Transformation zone type {tz}, and the junction is not completely visible</source>
        <translation>Zone de transformation de type {tz}, et la jonction n’est pas entièrement visible</translation>
    </message>
    <message>
        <source>Treatment on record: {treatment}</source>
        <translation>Traitement consigné : {treatment}</translation>
    </message>
    <message>
        <source>Trunks only: a start for training, it gives no answers.</source>
        <translation>Troncs de réseau seulement : un point de départ pour l’entraînement, sans réponses.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Réessayer</translation>
    </message>
    <message>
        <source>Trying again.</source>
        <translation>Nouvel essai en cours.</translation>
    </message>
    <message>
        <source>Two cameras: white light and fluorescence</source>
        <translation>Deux caméras : lumière blanche et fluorescence</translation>
    </message>
    <message>
        <source>Two visits are on the stage. Press Esc to go back to the pair first.</source>
        <translation>Deux consultations sont dans la zone d’image. Appuyez sur Échap pour revenir d’abord à la paire.</translation>
    </message>
    <message>
        <source>Two visits beside each other</source>
        <translation>Deux consultations côte à côte</translation>
    </message>
    <message>
        <source>Type a name, a number, a date or a finding; the buttons ({today.show_all}, {today.show_today} and on) show what is to be done. Enter opens the visit, and {edit.find} comes back here from anywhere.</source>
        <translation>Saisissez un nom, un numéro, une date ou une constatation ; les boutons ({today.show_all}, {today.show_today} et suivants) montrent ce qui est à faire. Entrée ouvre la consultation, et {edit.find} ramène ici de partout.</translation>
    </message>
    <message>
        <source>Unassigned visit</source>
        <translation>Consultation non attribuée</translation>
    </message>
    <message>
        <source>Unassigned: nobody has said yet who the woman is. This is a preview; assign the visit to a patient to sign it.</source>
        <translation>Non attribuée : personne n’a encore dit qui est la patiente. Ceci est un aperçu ; attribuez la consultation à une patiente pour la signer.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Undo last</source>
        <translation>Annuler la dernière action</translation>
    </message>
    <message>
        <source>Undo takes it back.</source>
        <translation>Annuler permet de revenir en arrière.</translation>
    </message>
    <message>
        <source>Undoing</source>
        <translation>Annulation</translation>
    </message>
    <message>
        <source>Undoing: {step}</source>
        <translation>Annulation : {step}</translation>
    </message>
    <message>
        <source>Undone: {step}</source>
        <translation>Annulé : {step}</translation>
    </message>
    <message>
        <source>Unlike anything the model learned from: {pictures}.</source>
        <translation>Ne ressemble à rien de ce dont le modèle a appris : {pictures}.</translation>
    </message>
    <message>
        <source>Unlike pictures change at most 3 times a second.</source>
        <translation>Les images dissemblables changent au plus 3 fois par seconde.</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>Déverrouiller</translation>
    </message>
    <message>
        <source>Unpacking the new version</source>
        <translation>Extraction de la nouvelle version</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>Incertain</translation>
    </message>
    <message>
        <source>Until</source>
        <translation>Jusqu’au</translation>
    </message>
    <message>
        <source>Until this day, which is included</source>
        <translation>Jusqu’à ce jour inclus</translation>
    </message>
    <message>
        <source>Unusable</source>
        <translation>Inutilisable</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>Monter</translation>
    </message>
    <message>
        <source>Up, Down, Page Up, Page Down</source>
        <translation>Haut, Bas, Page préc., Page suiv.</translation>
    </message>
    <message>
        <source>Update file</source>
        <translation>Fichier de mise à jour</translation>
    </message>
    <message>
        <source>Update files (*.pfm-update)</source>
        <translation>Fichiers de mise à jour (*.pfm-update)</translation>
    </message>
    <message>
        <source>Use a picture of at least 1000 pixels a side.</source>
        <translation>Utilisez une image d’au moins 1000 pixels de côté.</translation>
    </message>
    <message>
        <source>Use iodine all the same</source>
        <translation>Utiliser l’iode malgré tout</translation>
    </message>
    <message>
        <source>Use the recovery key...</source>
        <translation>Utiliser la clé de récupération...</translation>
    </message>
    <message>
        <source>Use these keys</source>
        <translation>Appliquer</translation>
    </message>
    <message>
        <source>Use this device</source>
        <translation>Utiliser cet appareil</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>Utiliser ce modèle</translation>
    </message>
    <message>
        <source>Use this scale</source>
        <translation>Utiliser cette échelle</translation>
    </message>
    <message>
        <source>User guide</source>
        <translation>Guide d’utilisation</translation>
    </message>
    <message>
        <source>Vagina</source>
        <translation>Vagin</translation>
    </message>
    <message>
        <source>Vagina and treatment</source>
        <translation>Vagin et traitement</translation>
    </message>
    <message>
        <source>Vagina inadequate for</source>
        <translation>Vagin non satisfaisant en raison de</translation>
    </message>
    <message>
        <source>Vagina, grade 1 (minor)</source>
        <translation>Vagin, grade 1 (mineur)</translation>
    </message>
    <message>
        <source>Vagina, grade 2 (major)</source>
        <translation>Vagin, grade 2 (majeur)</translation>
    </message>
    <message>
        <source>Vagina, miscellaneous</source>
        <translation>Vagin, divers</translation>
    </message>
    <message>
        <source>Vagina, non-specific</source>
        <translation>Vagin, non spécifique</translation>
    </message>
    <message>
        <source>Vagina, normal</source>
        <translation>Vagin, normal</translation>
    </message>
    <message>
        <source>Vagina, suspicious for invasion</source>
        <translation>Vagin, suspicion d’invasion</translation>
    </message>
    <message>
        <source>Vagina, where</source>
        <translation>Vagin, localisation</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Valeur</translation>
    </message>
    <message>
        <source>Version {version} is checked and ready, and the library is backed up. Close the program; then who may install programs on this computer runs:

{command}

SHA-256 of the file: {sha256}</source>
        <translation>La version {version} est vérifiée et prête, et la bibliothèque est sauvegardée. Fermez le programme ; ensuite, la personne autorisée à installer des programmes sur cet ordinateur lance :

{command}

SHA-256 du fichier : {sha256}</translation>
    </message>
    <message>
        <source>Version {version} is installed, and the library is backed up. Close the program now, and start it from {link}. Version {old} stays in {folder}.</source>
        <translation>La version {version} est installée et la bibliothèque est sauvegardée. Fermez le programme maintenant et démarrez-le depuis {link}. La version {old} reste dans {folder}.</translation>
    </message>
    <message>
        <source>Version {version}, {size} MB, whole. Signed by {publisher} (key {key}) on {day}; it may be installed until {until}.</source>
        <translation>Version {version}, {size} Mo, intacte. Signée par {publisher} (clé {key}) le {day} ; elle peut être installée jusqu’au {until}.</translation>
    </message>
    <message>
        <source>Vessels</source>
        <translation>Vaisseaux</translation>
    </message>
    <message>
        <source>Visit</source>
        <translation>Consultation</translation>
    </message>
    <message>
        <source>Visit &amp;time...</source>
        <translation>&amp;Heure de la consultation...</translation>
    </message>
    <message>
        <source>Visit (internal number)</source>
        <translation>Consultation (numéro interne)</translation>
    </message>
    <message>
        <source>Visit of {day}, impression {grade}.</source>
        <translation>Consultation du {day}, impression {grade}.</translation>
    </message>
    <message>
        <source>Visit of {day}, no impression.</source>
        <translation>Consultation du {day}, sans impression.</translation>
    </message>
    <message>
        <source>Visit of {when}</source>
        <translation>Consultation : {when}</translation>
    </message>
    <message>
        <source>Visit of {when} ({why})</source>
        <translation>Consultation : {when} ({why})</translation>
    </message>
    <message>
        <source>Visit time</source>
        <translation>Heure de la consultation</translation>
    </message>
    <message>
        <source>Visit {number} of {all}</source>
        <translation>Consultation {number} sur {all}</translation>
    </message>
    <message>
        <source>Visits</source>
        <translation>Consultations</translation>
    </message>
    <message>
        <source>Visits (internal numbers)</source>
        <translation>Consultations (numéros internes)</translation>
    </message>
    <message>
        <source>Visits that {reader} read and of which the laboratory gave a grade. Only you see them here: nobody is ranked.</source>
        <translation>Consultations lues par {reader} et pour lesquelles le laboratoire a donné un grade. Vous êtes la seule personne à les voir ici : personne n’est classé.</translation>
    </message>
    <message>
        <source>Visits to tick</source>
        <translation>Consultations à cocher</translation>
    </message>
    <message>
        <source>W takes a white-light picture.</source>
        <translation>W prend une image en lumière blanche.</translation>
    </message>
    <message>
        <source>WAOCP series</source>
        <translation>Série WAOCP</translation>
    </message>
    <message>
        <source>WARNING:</source>
        <translation>AVERTISSEMENT :</translation>
    </message>
    <message>
        <source>Wait {left:.0f} s</source>
        <translation>Attendez {left:.0f} s</translation>
    </message>
    <message>
        <source>Waiting for pictures in {folder}</source>
        <translation>En attente d’images dans {folder}</translation>
    </message>
    <message>
        <source>Waits for</source>
        <translation>Attente</translation>
    </message>
    <message>
        <source>Waits for you</source>
        <translation>Vous attend</translation>
    </message>
    <message>
        <source>Waits for you: set or confirm what is not known or unsure.</source>
        <translation>Vous attend : indiquez ou confirmez ce qui n’est pas connu ou est incertain.</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Avertissement</translation>
    </message>
    <message>
        <source>Weeks pregnant</source>
        <translation>Semaines de grossesse</translation>
    </message>
    <message>
        <source>Well-defined coarse punctation or mosaic, sharply demarcated, randomly and widely placed</source>
        <translation>Ponctuation ou mosaïque grossière bien définie, nettement délimitée, disposée au hasard et largement espacée</translation>
    </message>
    <message>
        <source>What</source>
        <comment>kind of record</comment>
        <translation>Quoi</translation>
    </message>
    <message>
        <source>What</source>
        <comment>kind of specimen</comment>
        <translation>Prélèvement</translation>
    </message>
    <message>
        <source>What a complete score is taken for, beside it in Findings. Sources differ. None says that a biopsy is not needed.</source>
        <translation>Ce que signifie un score complet, affiché à côté de lui dans Signes. Les sources diffèrent. Aucune ne dit qu’une biopsie n’est pas nécessaire.</translation>
    </message>
    <message>
        <source>What became of it</source>
        <translation>Ce qu’il en est advenu</translation>
    </message>
    <message>
        <source>What became of the files</source>
        <translation>Ce qu’il est advenu des fichiers</translation>
    </message>
    <message>
        <source>What becomes of it</source>
        <translation>Ce qu’il en advient</translation>
    </message>
    <message>
        <source>What came back belonged to another visit or pair and was thrown away. Try again.</source>
        <translation>Ce qui est revenu appartenait à une autre consultation ou à une autre paire et a été rejeté. Réessayez.</translation>
    </message>
    <message>
        <source>What comes out</source>
        <translation>Ce qui est produit</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Ce qui s’est passé</translation>
    </message>
    <message>
        <source>What is known of a run of the program that did not end as it should, for whoever helps you. All that is in the file is shown here: no names, no numbers of patients, no pictures, and of files only those of the program. It stays on this computer until you save it and pass it on.</source>
        <translation>Ce que l’on sait d’une exécution du programme qui ne s’est pas terminée normalement, pour la personne qui vous aide. Tout ce que contient le fichier est affiché ici : ni noms, ni numéros de patientes, ni images, et seulement des fichiers du programme. Il reste sur cet ordinateur jusqu’à ce que vous l’enregistriez et le transmettiez.</translation>
    </message>
    <message>
        <source>What is known of the chosen row</source>
        <translation>Ce que l’on sait de la ligne choisie</translation>
    </message>
    <message>
        <source>What is signed stays: a change after it takes a reason, and this report is kept beside the new one.</source>
        <translation>Ce qui est signé reste : une modification ultérieure nécessite un motif, et ce compte rendu est conservé à côté du nouveau.</translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation>Ce qui ne va pas</translation>
    </message>
    <message>
        <source>What it made (internal numbers)</source>
        <translation>Ce qu’il a créé (numéros internes)</translation>
    </message>
    <message>
        <source>What readers see in their list: no woman's name</source>
        <translation>Ce que les lecteurs voient dans leur liste : aucun nom de patiente</translation>
    </message>
    <message>
        <source>What stands above and below every report from now on, and which sections it has. Who she is, the findings, the AI answer where it was revealed, warnings and the signature always do; what is left out is said in the report.</source>
        <translation>Ce qui figure en haut et en bas de chaque compte rendu à partir de maintenant, et les rubriques qu’il comporte. L’identité de la patiente, les constatations, la réponse de l’IA là où elle a été révélée, les avertissements et la signature y figurent toujours ; ce qui est omis y est indiqué.</translation>
    </message>
    <message>
        <source>What stands above the signature</source>
        <translation>Ce qui figure au-dessus de la signature</translation>
    </message>
    <message>
        <source>What the AI answer is not for</source>
        <translation>Ce à quoi la réponse de l’IA ne sert pas</translation>
    </message>
    <message>
        <source>What the model says, where the site shows it</source>
        <translation>Ce que dit le modèle, là où le centre l’affiche</translation>
    </message>
    <message>
        <source>What the signature means</source>
        <translation>Ce que signifie la signature</translation>
    </message>
    <message>
        <source>What they do</source>
        <translation>Ce qu’elles font</translation>
    </message>
    <message>
        <source>What took the pictures failed and was ended: {why}</source>
        <translation>Ce qui recevait les images a échoué et a été arrêté : {why}</translation>
    </message>
    <message>
        <source>What was done last is not on record yet. Undo takes it back once it is.</source>
        <translation>La dernière action n’est pas encore consignée. Annuler permet de revenir en arrière dès qu’elle l’est.</translation>
    </message>
    <message>
        <source>What was finished before is in the library.</source>
        <translation>Ce qui était terminé auparavant est dans la bibliothèque.</translation>
    </message>
    <message>
        <source>What was left is kept as {file}</source>
        <translation>Ce qui restait est conservé sous {file}</translation>
    </message>
    <message>
        <source>What was left out, and why</source>
        <translation>Ce qui a été écarté, et pourquoi</translation>
    </message>
    <message>
        <source>What was said of pairs without a grade is not kept. Stay, or leave the task once more to throw it away.</source>
        <translation>Ce qui a été dit de paires sans grade n’est pas enregistré. Restez, ou quittez la tâche encore une fois pour le rejeter.</translation>
    </message>
    <message>
        <source>What was typed could not be kept</source>
        <translation>Ce qui a été saisi n’a pas pu être enregistré</translation>
    </message>
    <message>
        <source>What was typed is kept now.</source>
        <translation>Ce qui a été saisi est maintenant enregistré.</translation>
    </message>
    <message>
        <source>What will be brought in</source>
        <translation>Ce qui sera importé</translation>
    </message>
    <message>
        <source>What will be done</source>
        <translation>Ce qui sera fait</translation>
    </message>
    <message>
        <source>What you enter in Findings ({review.findings}) stands in this report; {review.save_pdf} saves it. Sign locks the visit, with your name and the time; a change afterwards takes a reason. The tour never signs.</source>
        <translation>Ce que vous saisissez dans Signes ({review.findings}) figure dans ce compte rendu ; {review.save_pdf} l’enregistre. Signer verrouille la consultation, avec votre nom et l’heure ; une modification ultérieure nécessite un motif. La visite guidée ne signe jamais.</translation>
    </message>
    <message>
        <source>What you read</source>
        <translation>Ce que vous lisez</translation>
    </message>
    <message>
        <source>What you see</source>
        <translation>Ce que vous voyez</translation>
    </message>
    <message>
        <source>What your archive (PACS) calls colposcopy: exports as DICOM are written so.</source>
        <translation>Comment votre archive (PACS) nomme la colposcopie : les exports au format DICOM sont écrits ainsi.</translation>
    </message>
    <message>
        <source>When</source>
        <translation>Quand</translation>
    </message>
    <message>
        <source>When {name} was taken</source>
        <translation>Quand {name} a été prise</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Où</translation>
    </message>
    <message>
        <source>Where a visit has neither histology nor reads: these always count before it</source>
        <translation>Là où une consultation n’a ni histologie ni lectures : celles-ci comptent toujours avant elle</translation>
    </message>
    <message>
        <source>Where help is</source>
        <translation>Où trouver de l’aide</translation>
    </message>
    <message>
        <source>Where readers differ most first</source>
        <translation>D’abord là où les lecteurs divergent le plus</translation>
    </message>
    <message>
        <source>Where the model is least sure first</source>
        <translation>D’abord là où le modèle est le moins sûr</translation>
    </message>
    <message>
        <source>Which results Today and the histology inbox call overdue, and letters with them. {source}.</source>
        <translation>Délai après lequel Aujourd’hui et Histologie signalent comme en retard un résultat, et son courrier. {source}.</translation>
    </message>
    <message>
        <source>Which run of the program</source>
        <translation>Quelle exécution du programme</translation>
    </message>
    <message>
        <source>Which visits</source>
        <translation>Quelles consultations</translation>
    </message>
    <message>
        <source>White</source>
        <comment>light</comment>
        <translation>Blanche</translation>
    </message>
    <message>
        <source>White balance</source>
        <translation>Balance des blancs</translation>
    </message>
    <message>
        <source>White balance (K)</source>
        <translation>Balance des blancs (K)</translation>
    </message>
    <message>
        <source>White light</source>
        <translation>Lumière blanche</translation>
    </message>
    <message>
        <source>White light through a green filter, for looking</source>
        <translation>Lumière blanche à travers un filtre vert, pour regarder seulement</translation>
    </message>
    <message>
        <source>White light, {stage}</source>
        <translation>Lumière blanche, {stage}</translation>
    </message>
    <message>
        <source>White-light picture (internal number)</source>
        <translation>Image en lumière blanche (numéro interne)</translation>
    </message>
    <message>
        <source>White-light pictures can be taken; each pair tries the lamp again.</source>
        <translation>Des images en lumière blanche peuvent être prises ; chaque paire essaie de nouveau la lampe.</translation>
    </message>
    <message>
        <source>Whitening</source>
        <translation>Blanchiment</translation>
    </message>
    <message>
        <source>Whitening after acetic acid, or back to the live picture</source>
        <translation>Blanchiment après acide acétique, ou retour à l’image en direct</translation>
    </message>
    <message>
        <source>Whitening clip</source>
        <translation>Clip du blanchiment</translation>
    </message>
    <message>
        <source>Whitening is followed by itself once the clock of acetic acid runs. Nothing was followed in this visit yet.</source>
        <translation>Le blanchiment est suivi automatiquement dès que le chronomètre de l’acide acétique tourne. Rien n’a encore été suivi dans cette consultation.</translation>
    </message>
    <message>
        <source>Whitening is not recorded yet, and is tried again; the clock of acetic acid runs.</source>
        <translation>Le blanchiment n’est pas encore enregistré ; nouvel essai en cours. Le chronomètre de l’acide acétique tourne.</translation>
    </message>
    <message>
        <source>Whitening of place {number}</source>
        <translation>Blanchiment de l’emplacement {number}</translation>
    </message>
    <message>
        <source>Whitening of place {number}, against normal tissue</source>
        <translation>Blanchiment de l’emplacement {number}, par rapport au tissu normal</translation>
    </message>
    <message>
        <source>Whitens {onset}, most dL* {peak:.1f} at {at}, {faded}; {against}.</source>
        <translation>Blanchit {onset}, maximum dL* {peak:.1f} à {at}, {faded} ; {against}.</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>Qui</translation>
    </message>
    <message>
        <source>Who is</source>
        <translation>À qui correspond</translation>
    </message>
    <message>
        <source>Who is signed in, written beside your reads and signatures.</source>
        <translation>La personne connectée, inscrite à côté de vos lectures et signatures.</translation>
    </message>
    <message>
        <source>Who signs</source>
        <translation>Signataire</translation>
    </message>
    <message>
        <source>Whoever can read the folder can read the pictures and all that is written beside them, names as well.</source>
        <translation>Quiconque peut lire le dossier peut lire les images et tout ce qui est écrit à côté d’elles, y compris les noms.</translation>
    </message>
    <message>
        <source>Whoever can read the folder of this library can read its pictures and names. For research only.</source>
        <translation>Quiconque peut lire le dossier de cette bibliothèque peut lire ses images et ses noms. Pour la recherche uniquement.</translation>
    </message>
    <message>
        <source>Whole</source>
        <translation>Complet</translation>
    </message>
    <message>
        <source>Whole picture</source>
        <translation>Image entière</translation>
    </message>
    <message numerus="yes">
        <source>Whose %n picture(s): identifier</source>
        <translation>
            <numerusform>Patiente de %n image : identifiant</numerusform>
            <numerusform>Patiente de %n images : identifiant</numerusform>
        </translation>
    </message>
    <message>
        <source>Whose examination</source>
        <translation>Patiente de l’examen</translation>
    </message>
    <message>
        <source>Whose examination is it?</source>
        <translation>De quelle patiente est cet examen ?</translation>
    </message>
    <message>
        <source>Whose key it is was not checked: compare the fingerprint with the one that the library shows: {fingerprint}.</source>
        <translation>Le propriétaire de la clé n’a pas été vérifié : comparez l’empreinte à celle que la bibliothèque affiche : {fingerprint}.</translation>
    </message>
    <message>
        <source>Whose visit is it?</source>
        <translation>De quelle patiente est cette consultation ?</translation>
    </message>
    <message>
        <source>Whose: {why}</source>
        <translation>Patiente : {why}</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Pourquoi</translation>
    </message>
    <message>
        <source>Why can it not be graded?</source>
        <translation>Pourquoi n’est-il pas possible d’attribuer un grade ?</translation>
    </message>
    <message>
        <source>Why it is moved</source>
        <translation>Pourquoi elle est déplacée</translation>
    </message>
    <message>
        <source>Why it is to answer all the same</source>
        <translation>Pourquoi il doit répondre malgré tout</translation>
    </message>
    <message>
        <source>Why the signed report is amended</source>
        <translation>Pourquoi le compte rendu signé est rectifié</translation>
    </message>
    <message>
        <source>Why, a word will do</source>
        <translation>Pourquoi, un mot suffit</translation>
    </message>
    <message>
        <source>Why: this goes on record for both</source>
        <translation>Pourquoi : consigné pour les deux</translation>
    </message>
    <message>
        <source>Width (pixels)</source>
        <translation>Largeur (pixels)</translation>
    </message>
    <message>
        <source>Will be brought in</source>
        <translation>Sera importée</translation>
    </message>
    <message>
        <source>Window</source>
        <comment>range of brightness</comment>
        <translation>Fenêtre</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenêtre</translation>
    </message>
    <message>
        <source>Wipe mucus or blood off the os, then retake.</source>
        <translation>Essuyez le mucus ou le sang de l’orifice externe, puis refaites l’image.</translation>
    </message>
    <message>
        <source>With the visit before</source>
        <translation>Avec la consultation précédente</translation>
    </message>
    <message>
        <source>Without an identifier it is not known whose they are, and they are left out.</source>
        <translation>Sans identifiant, on ne sait pas de quelle patiente elles sont, et elles sont écartées.</translation>
    </message>
    <message>
        <source>Woman {code}</source>
        <translation>Patiente {code}</translation>
    </message>
    <message>
        <source>Women</source>
        <translation>Patientes</translation>
    </message>
    <message>
        <source>Women on record</source>
        <translation>Patientes enregistrées</translation>
    </message>
    <message>
        <source>Words</source>
        <comment>that are searched for</comment>
        <translation>Mots</translation>
    </message>
    <message>
        <source>Words</source>
        <translation>Texte</translation>
    </message>
    <message numerus="yes">
        <source>Words found and made black: %n box(es) in {pictures}.</source>
        <translation>
            <numerusform>Texte trouvé et masqué en noir : %n cadre sur {pictures}.</numerusform>
            <numerusform>Texte trouvé et masqué en noir : %n cadres sur {pictures}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Words in the line</source>
        <translation>Texte de la ligne</translation>
    </message>
    <message>
        <source>Words in the picture</source>
        <translation>Texte dans l’image</translation>
    </message>
    <message>
        <source>Words of the report, CIN 2</source>
        <translation>Texte du compte rendu, CIN 2</translation>
    </message>
    <message>
        <source>Words that are found in pictures are made black.</source>
        <translation>Le texte trouvé dans les images est masqué en noir.</translation>
    </message>
    <message>
        <source>Working out ...</source>
        <translation>Calcul en cours ...</translation>
    </message>
    <message>
        <source>Write a note</source>
        <translation>Écrire une note</translation>
    </message>
    <message>
        <source>Write your name to sign.</source>
        <translation>Écrivez votre nom pour signer.</translation>
    </message>
    <message>
        <source>Writing</source>
        <translation>Écriture</translation>
    </message>
    <message>
        <source>Writing the PDF</source>
        <translation>Écriture du PDF</translation>
    </message>
    <message>
        <source>Writing the audit trail</source>
        <translation>Écriture de la piste d’audit</translation>
    </message>
    <message>
        <source>Writing the video</source>
        <translation>Écriture de la vidéo</translation>
    </message>
    <message>
        <source>Written to {path}: the model and its card, nothing of any patient. Tell who gets it this fingerprint of the key that signed it, {way}: {fingerprint}</source>
        <translation>Écrit dans {path} : le modèle et sa fiche, rien d’aucune patiente. Communiquez à la personne qui le reçoit cette empreinte de la clé qui l’a signé, {way} : {fingerprint}</translation>
    </message>
    <message>
        <source>Written, WITH NAMES: {visits}, {files}.</source>
        <translation>Écrit, AVEC LES NOMS : {visits}, {files}.</translation>
    </message>
    <message>
        <source>Written, under pseudonyms: {women}, {visits}, {pictures}.</source>
        <translation>Écrit, sous pseudonymes : {women}, {visits}, {pictures}.</translation>
    </message>
    <message>
        <source>Written: {path}.</source>
        <translation>Écrit : {path}.</translation>
    </message>
    <message>
        <source>YES: allergic to iodine</source>
        <translation>OUI : allergique à l’iode</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>Oui</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>Hier</translation>
    </message>
    <message>
        <source>You</source>
        <translation>Vous</translation>
    </message>
    <message>
        <source>You can go on working meanwhile. Stopped, it keeps what is done.</source>
        <translation>Vous pouvez continuer à travailler pendant ce temps. En cas d’arrêt, ce qui est fait est conservé.</translation>
    </message>
    <message>
        <source>You decided: {grade}, after AI. Another grade changes it.</source>
        <translation>Votre arbitrage : {grade}, après IA. Un autre grade le modifie.</translation>
    </message>
    <message>
        <source>You decided: {grade}. Another grade changes it.</source>
        <translation>Votre arbitrage : {grade}. Un autre grade le modifie.</translation>
    </message>
    <message>
        <source>You read it yourself: the label will say that one of those who differed decided</source>
        <translation>Vous l’avez lue vous-même : l’étiquette indiquera un arbitrage par l’un des lecteurs en désaccord</translation>
    </message>
    <message>
        <source>You read: {grade}, after AI. Another grade changes it.</source>
        <translation>Votre lecture : {grade}, après IA. Un autre grade la modifie.</translation>
    </message>
    <message>
        <source>You read: {grade}. Another grade changes it.</source>
        <translation>Votre lecture : {grade}. Un autre grade la modifie.</translation>
    </message>
    <message>
        <source>Your &amp;name</source>
        <translation>Votre &amp;nom</translation>
    </message>
    <message>
        <source>Your first read</source>
        <translation>Votre première lecture</translation>
    </message>
    <message>
        <source>Your impression in the end</source>
        <translation>Votre impression finale</translation>
    </message>
    <message>
        <source>Your name</source>
        <translation>Votre nom</translation>
    </message>
    <message>
        <source>Your own read first, then the AI</source>
        <translation>Votre propre lecture d’abord, puis l’IA</translation>
    </message>
    <message>
        <source>Your password</source>
        <translation>Votre mot de passe</translation>
    </message>
    <message>
        <source>Your password is changed.</source>
        <translation>Votre mot de passe est modifié.</translation>
    </message>
    <message>
        <source>Your password, to sign</source>
        <translation>Votre mot de passe, pour signer</translation>
    </message>
    <message>
        <source>Your read is recorded as {unnamed}.</source>
        <translation>Votre lecture est consignée au nom de {unnamed}.</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>Zoom</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Zoom avant</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Zoom arrière</translation>
    </message>
    <message>
        <source>Zoom {zoom:.1f} x</source>
        <translation>Zoom {zoom:.1f} x</translation>
    </message>
    <message>
        <source>[ and ], Ctrl+arrows</source>
        <translation>[ et ], Ctrl+flèches</translation>
    </message>
    <message>
        <source>a DICOM photograph (VL Photographic, VL Endoscopic or Secondary Capture)</source>
        <translation>une photographie DICOM (VL Photographic, VL Endoscopic ou Secondary Capture)</translation>
    </message>
    <message>
        <source>a PNG, JPEG, TIFF, BMP, WebP or HEIC picture</source>
        <translation>une image PNG, JPEG, TIFF, BMP, WebP ou HEIC</translation>
    </message>
    <message>
        <source>a backup with --check puts it there anew, where the library has it whole</source>
        <translation>une sauvegarde avec --check l’y remet, si la bibliothèque l’a intacte</translation>
    </message>
    <message>
        <source>a biopsy has a pin</source>
        <translation>une biopsie a un repère</translation>
    </message>
    <message>
        <source>a brace in the closing words is not closed: fields are {fields}, a brace itself is {opening} or {closing}</source>
        <translation>une accolade du texte final n’est pas fermée : les champs sont {fields}, une accolade elle-même s’écrit {opening} ou {closing}</translation>
    </message>
    <message>
        <source>a case gives no number to learn from</source>
        <translation>un cas ne donne aucun nombre à partir duquel apprendre</translation>
    </message>
    <message>
        <source>a contour</source>
        <translation>un contour</translation>
    </message>
    <message>
        <source>a dark frame is made of {least} frames or more, not {frames}</source>
        <translation>une image noire se fait à partir de {least} images ou plus, pas de {frames}</translation>
    </message>
    <message>
        <source>a demonstration model trained on phantoms</source>
        <translation>un modèle de démonstration entraîné sur des fantômes</translation>
    </message>
    <message>
        <source>a device, not a file</source>
        <translation>un périphérique, pas un fichier</translation>
    </message>
    <message>
        <source>a document, not a picture</source>
        <translation>un document, pas une image</translation>
    </message>
    <message>
        <source>a file of the system, not of an examination</source>
        <translation>un fichier du système, pas d’un examen</translation>
    </message>
    <message>
        <source>a frame of it is damaged</source>
        <translation>une de ses images est endommagée</translation>
    </message>
    <message>
        <source>a frame of it is no JPEG</source>
        <translation>une de ses images n’est pas un JPEG</translation>
    </message>
    <message>
        <source>a frame of it is not of the size that it says</source>
        <translation>une de ses images n’a pas la taille indiquée</translation>
    </message>
    <message>
        <source>a frame of the camera came damaged: {why}</source>
        <translation>une image de la caméra est arrivée endommagée : {why}</translation>
    </message>
    <message>
        <source>a frame of {name} came damaged</source>
        <translation>une image de {name} est arrivée endommagée</translation>
    </message>
    <message>
        <source>a frame takes far more room than it would unpacked</source>
        <translation>une image occupe beaucoup plus de place que décompressée</translation>
    </message>
    <message>
        <source>a heatmap is drawn of one case at a time</source>
        <translation>une carte de chaleur se dessine pour un seul cas à la fois</translation>
    </message>
    <message>
        <source>a hidden file</source>
        <translation>un fichier caché</translation>
    </message>
    <message>
        <source>a kept answer cannot be read ({error})</source>
        <translation>une réponse conservée ne peut pas être lue ({error})</translation>
    </message>
    <message>
        <source>a lamp goes back to white light by itself {seconds:.0f} seconds after the last command</source>
        <translation>une lampe revient d’elle-même à la lumière blanche {seconds:.0f} secondes après la dernière commande</translation>
    </message>
    <message>
        <source>a lesion of this visit is drawn on the picture</source>
        <translation>une lésion de cette consultation est dessinée sur l’image</translation>
    </message>
    <message>
        <source>a library of this program, not a folder of pictures</source>
        <translation>une bibliothèque de ce programme, pas un dossier d’images</translation>
    </message>
    <message>
        <source>a library that is open for reading only is not repaired</source>
        <translation>une bibliothèque ouverte en lecture seule n’est pas réparée</translation>
    </message>
    <message>
        <source>a library that is open read-only is not swept</source>
        <translation>une bibliothèque ouverte en lecture seule n’est pas nettoyée</translation>
    </message>
    <message>
        <source>a library was made in {path}, and then {problem}</source>
        <translation>une bibliothèque a été créée dans {path}, puis {problem}</translation>
    </message>
    <message>
        <source>a line is longer than any line of an audit trail: the rest was not read</source>
        <translation>une ligne est plus longue que toute ligne d’une piste d’audit : le reste n’a pas été lu</translation>
    </message>
    <message>
        <source>a line of the manifest</source>
        <translation>une ligne du manifeste</translation>
    </message>
    <message>
        <source>a link that leads nowhere or in a circle</source>
        <translation>un lien qui ne mène nulle part ou tourne en rond</translation>
    </message>
    <message>
        <source>a link that leads out of the folder</source>
        <translation>un lien qui mène hors du dossier</translation>
    </message>
    <message>
        <source>a link to what is looked at where it lies</source>
        <translation>un lien vers ce qui est examiné à son propre emplacement</translation>
    </message>
    <message>
        <source>a link, not a file</source>
        <translation>un lien, pas un fichier</translation>
    </message>
    <message>
        <source>a little bright</source>
        <translation>un peu claire</translation>
    </message>
    <message>
        <source>a little dark</source>
        <translation>un peu sombre</translation>
    </message>
    <message>
        <source>a little soft</source>
        <translation>un peu floue</translation>
    </message>
    <message>
        <source>a manifest names white-light and fluorescence pictures; this model reads {sources}</source>
        <translation>un manifeste nomme des images en lumière blanche et en fluorescence ; ce modèle lit {sources}</translation>
    </message>
    <message>
        <source>a map needs frames over {least:g} seconds</source>
        <translation>une carte nécessite des images réparties sur {least:g} secondes</translation>
    </message>
    <message>
        <source>a map to start from is 3 x 3 numbers</source>
        <translation>une transformation de départ se compose de 3 x 3 nombres</translation>
    </message>
    <message>
        <source>a map to start from makes the picture vanish</source>
        <translation>une transformation de départ fait disparaître l’image</translation>
    </message>
    <message>
        <source>a map to start from puts the middle at infinity</source>
        <translation>une transformation de départ place le centre à l’infini</translation>
    </message>
    <message>
        <source>a model is being learned from this library</source>
        <translation>un modèle est en cours d’entraînement à partir de cette bibliothèque</translation>
    </message>
    <message>
        <source>a model trained on {data}</source>
        <translation>un modèle entraîné sur {data}</translation>
    </message>
    <message>
        <source>a name in {where}</source>
        <translation>un nom dans {where}</translation>
    </message>
    <message>
        <source>a name that ends in {suffix}</source>
        <translation>un nom qui se termine par {suffix}</translation>
    </message>
    <message>
        <source>a name without an ending</source>
        <translation>un nom sans extension</translation>
    </message>
    <message>
        <source>a network needs each of its sources once</source>
        <translation>un réseau nécessite chacune de ses sources une seule fois</translation>
    </message>
    <message>
        <source>a number far too large</source>
        <translation>un nombre beaucoup trop grand</translation>
    </message>
    <message>
        <source>a number in it has too many digits</source>
        <translation>un nombre qu’il contient a trop de chiffres</translation>
    </message>
    <message>
        <source>a pair needs at least one picture</source>
        <translation>une paire nécessite au moins une image</translation>
    </message>
    <message>
        <source>a pair stands in the task twice</source>
        <translation>une paire figure deux fois dans la tâche</translation>
    </message>
    <message>
        <source>a part of it is damaged</source>
        <translation>une partie en est endommagée</translation>
    </message>
    <message>
        <source>a part of it is missing</source>
        <translation>une partie en est manquante</translation>
    </message>
    <message>
        <source>a part of this clip cannot be read: {why}</source>
        <translation>une partie de ce clip ne peut pas être lue : {why}</translation>
    </message>
    <message>
        <source>a patient needs an identifier</source>
        <translation>une patiente nécessite un identifiant</translation>
    </message>
    <message>
        <source>a picture</source>
        <translation>une image</translation>
    </message>
    <message>
        <source>a picture is missing or was altered</source>
        <translation>une image manque ou a été altérée</translation>
    </message>
    <message>
        <source>a picture is smaller than {least} pixels</source>
        <translation>une image fait moins de {least} pixels</translation>
    </message>
    <message>
        <source>a picture is too narrow to be compared</source>
        <translation>une image est trop étroite pour être comparée</translation>
    </message>
    <message>
        <source>a picture must be rows x columns x 3 in 8 bits, not {size} {kind}</source>
        <translation>une image doit comporter lignes x colonnes x 3 en 8 bits, pas {size} {kind}</translation>
    </message>
    <message>
        <source>a picture of the pair is not in the light of its camera</source>
        <translation>une image de la paire n’est pas dans la lumière de sa caméra</translation>
    </message>
    <message>
        <source>a picture of the same second, whose file is missing or altered, is on record for another woman ({identifier})</source>
        <translation>une image de la même seconde, dont le fichier manque ou a été altéré, est enregistrée pour une autre patiente ({identifier})</translation>
    </message>
    <message>
        <source>a picture of the sequence is no longer in this visit</source>
        <translation>une image de la séquence n’est plus dans cette consultation</translation>
    </message>
    <message>
        <source>a picture of this pair is missing or damaged, or the library cannot be read now</source>
        <translation>une image de cette paire manque ou est endommagée, ou la bibliothèque ne peut pas être lue maintenant</translation>
    </message>
    <message>
        <source>a pipe, not a file</source>
        <translation>un tube (pipe), pas un fichier</translation>
    </message>
    <message>
        <source>a plan has at most {most} steps</source>
        <translation>un protocole a au plus {most} étapes</translation>
    </message>
    <message>
        <source>a plan needs at least one step</source>
        <translation>un protocole nécessite au moins une étape</translation>
    </message>
    <message>
        <source>a point of the scale lies outside of its picture</source>
        <translation>un point de l’échelle se trouve hors de son image</translation>
    </message>
    <message>
        <source>a point to be mapped is not a finite number</source>
        <translation>un point à transformer n’est pas un nombre fini</translation>
    </message>
    <message>
        <source>a publisher without a name</source>
        <translation>un éditeur sans nom</translation>
    </message>
    <message>
        <source>a read says a grade, or why there is none</source>
        <translation>une lecture indique un grade, ou pourquoi il n’y en a pas</translation>
    </message>
    <message>
        <source>a reason has at most {most} characters</source>
        <translation>un motif a au plus {most} caractères</translation>
    </message>
    <message>
        <source>a recovery key has {letters} in it, which none has</source>
        <translation>la clé saisie contient {letters}, ce qu’aucune clé de récupération ne contient</translation>
    </message>
    <message>
        <source>a recovery key has {number} letters and digits, which none has</source>
        <translation>la clé saisie a {number} lettres et chiffres, ce qu’aucune clé de récupération n’a</translation>
    </message>
    <message>
        <source>a recovery key was shown on {day}, and nobody said that it is kept: if it is not on paper, make a new one in Settings</source>
        <translation>une clé de récupération a été affichée le {day}, et personne n’a dit qu’elle est conservée : si elle n’est pas sur papier, créez-en une nouvelle dans Réglages</translation>
    </message>
    <message>
        <source>a region needs at least three corners</source>
        <translation>une région nécessite au moins trois sommets</translation>
    </message>
    <message>
        <source>a report as PDF holds names and cannot go into an export for research</source>
        <translation>un compte rendu en PDF contient des noms et ne peut pas entrer dans un export pour la recherche</translation>
    </message>
    <message>
        <source>a report has no field {field}: there are {fields}</source>
        <translation>un compte rendu n’a pas de champ {field} : il y a {fields}</translation>
    </message>
    <message>
        <source>a report has no section {sections}</source>
        <translation>un compte rendu n’a pas de rubrique {sections}</translation>
    </message>
    <message>
        <source>a report is amended for a reason</source>
        <translation>un compte rendu est rectifié pour un motif</translation>
    </message>
    <message>
        <source>a result is overdue after {least} to {most} days</source>
        <translation>un résultat est en retard après {least} à {most} jours</translation>
    </message>
    <message>
        <source>a run was cut short</source>
        <translation>un apprentissage a été interrompu</translation>
    </message>
    <message>
        <source>a scale needs two points</source>
        <translation>une échelle nécessite deux points</translation>
    </message>
    <message>
        <source>a second read comes after the AI was revealed</source>
        <translation>une seconde lecture vient après que l’IA a été révélée</translation>
    </message>
    <message>
        <source>a second read that departs from the AI needs a reason</source>
        <translation>une seconde lecture qui s’écarte de l’IA nécessite un motif</translation>
    </message>
    <message>
        <source>a sequence in it is broken</source>
        <translation>une séquence qu’il contient est défectueuse</translation>
    </message>
    <message>
        <source>a signature needs a printed name and what it means</source>
        <translation>une signature nécessite un nom en toutes lettres et sa signification</translation>
    </message>
    <message>
        <source>a socket, not a file</source>
        <translation>un socket, pas un fichier</translation>
    </message>
    <message>
        <source>a structured report needs a picture, and findings or an answer about it</source>
        <translation>un compte rendu structuré nécessite une image, et des constatations ou une réponse à son sujet</translation>
    </message>
    <message>
        <source>a task needs a name of at most {most} letters</source>
        <translation>une tâche nécessite un nom de {most} lettres au plus</translation>
    </message>
    <message>
        <source>a task needs pairs, and the search found none</source>
        <translation>une tâche nécessite des paires, et la recherche n’en a trouvé aucune</translation>
    </message>
    <message>
        <source>a video could not be written to {folder}</source>
        <translation>une vidéo n’a pas pu être écrite dans {folder}</translation>
    </message>
    <message>
        <source>a video has many</source>
        <translation>une vidéo en a plusieurs</translation>
    </message>
    <message>
        <source>a video in a zip cannot be read there</source>
        <translation>une vidéo dans un zip ne peut pas y être lue</translation>
    </message>
    <message>
        <source>a video of this kind has a name that ends with {ending}</source>
        <translation>une vidéo de ce type a un nom qui se termine par {ending}</translation>
    </message>
    <message>
        <source>a visit without an impression cannot be signed</source>
        <translation>une consultation sans impression ne peut pas être signée</translation>
    </message>
    <message>
        <source>a worker process ended unexpectedly</source>
        <translation>un processus de travail s’est terminé de façon inattendue</translation>
    </message>
    <message>
        <source>a zip under another name</source>
        <translation>un zip sous un autre nom</translation>
    </message>
    <message>
        <source>a zip within a zip: unpack the outer one first</source>
        <translation>un zip dans un zip : décompressez d’abord celui de l’extérieur</translation>
    </message>
    <message>
        <source>a {thing}, {problem}</source>
        <translation>{thing}, {problem}</translation>
    </message>
    <message>
        <source>a {thing}: {problem}. Put it back from a backup</source>
        <translation>{thing} : {problem}. Restaurez-le depuis une sauvegarde</translation>
    </message>
    <message>
        <source>abnormal cytology</source>
        <translation>cytologie anormale</translation>
    </message>
    <message>
        <source>about 000 s</source>
        <translation>environ 000 s</translation>
    </message>
    <message>
        <source>about the os as found</source>
        <translation>autour de l’orifice externe détecté</translation>
    </message>
    <message>
        <source>about {seconds:.0f} s</source>
        <translation>environ {seconds:.0f} s</translation>
    </message>
    <message>
        <source>about {seconds:.0f} s after acid</source>
        <translation>environ {seconds:.0f} s après l’acide</translation>
    </message>
    <message>
        <source>account</source>
        <comment>kind of record</comment>
        <translation>compte</translation>
    </message>
    <message>
        <source>accounts are kept here</source>
        <translation>les comptes sont gérés ici</translation>
    </message>
    <message>
        <source>acetic acid</source>
        <translation>acide acétique</translation>
    </message>
    <message>
        <source>acetic acid is on already</source>
        <translation>l’acide acétique est déjà appliqué</translation>
    </message>
    <message>
        <source>acid</source>
        <comment>step of an examination</comment>
        <translation>acide</translation>
    </message>
    <message>
        <source>acquisition</source>
        <comment>kind of record</comment>
        <translation>acquisition</translation>
    </message>
    <message>
        <source>active</source>
        <comment>state of a run</comment>
        <translation>actif</translation>
    </message>
    <message>
        <source>add a picture to the visit, and read it first</source>
        <translation>ajoutez une image à la consultation, et lisez-la d’abord</translation>
    </message>
    <message>
        <source>add cases of more patients</source>
        <translation>ajoutez des cas d’autres patientes</translation>
    </message>
    <message>
        <source>add cases of more women</source>
        <translation>ajoutez des cas d’autres patientes</translation>
    </message>
    <message>
        <source>add graded cases of more patients</source>
        <translation>ajoutez des cas avec un grade, d’autres patientes</translation>
    </message>
    <message>
        <source>add one line a case below the header</source>
        <translation>ajoutez une ligne par cas sous l’en-tête</translation>
    </message>
    <message>
        <source>add pictures first</source>
        <translation>ajoutez d’abord des images</translation>
    </message>
    <message>
        <source>add the lesion in Findings first</source>
        <translation>ajoutez d’abord la lésion dans Signes</translation>
    </message>
    <message>
        <source>add the other picture to this visit</source>
        <translation>ajoutez l’autre image à cette consultation</translation>
    </message>
    <message>
        <source>add the user to the group video (sudo usermod -aG video USER), then sign in again</source>
        <translation>ajoutez l’utilisateur au groupe video (sudo usermod -aG video USER), puis reconnectez-vous</translation>
    </message>
    <message>
        <source>add the visit to that patient, or correct the identifier</source>
        <translation>ajoutez la consultation à cette patiente, ou corrigez l’identifiant</translation>
    </message>
    <message>
        <source>adenocarcinoma</source>
        <translation>adénocarcinome</translation>
    </message>
    <message>
        <source>adenocarcinoma in situ</source>
        <translation>adénocarcinome in situ</translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Examination</comment>
        <translation>satisfaisant</translation>
    </message>
    <message>
        <source>adequate</source>
        <comment>Vagina</comment>
        <translation>satisfaisant</translation>
    </message>
    <message>
        <source>adjudicated</source>
        <translation>arbitrage</translation>
    </message>
    <message>
        <source>adjudicated by one who differed</source>
        <translation>arbitrage par l’un des lecteurs en désaccord</translation>
    </message>
    <message>
        <source>adjudicated by one who differed, after AI</source>
        <translation>arbitrage par l’un des lecteurs en désaccord, après IA</translation>
    </message>
    <message>
        <source>adjudicated, after AI</source>
        <translation>arbitrage, après IA</translation>
    </message>
    <message>
        <source>adjudicator</source>
        <translation>arbitre</translation>
    </message>
    <message>
        <source>administrator</source>
        <translation>administrateur</translation>
    </message>
    <message>
        <source>after</source>
        <comment>a change</comment>
        <translation>après</translation>
    </message>
    <message>
        <source>after acetic acid</source>
        <translation>après l’acide acétique</translation>
    </message>
    <message>
        <source>after acid, not timed</source>
        <translation>après l’acide, non chronométrée</translation>
    </message>
    <message>
        <source>after treatment</source>
        <translation>après traitement</translation>
    </message>
    <message>
        <source>against its own start</source>
        <translation>par rapport à son propre début</translation>
    </message>
    <message>
        <source>against normal tissue</source>
        <translation>par rapport au tissu normal</translation>
    </message>
    <message>
        <source>agrees with the AI</source>
        <translation>concorde avec l’IA</translation>
    </message>
    <message>
        <source>aligning ...</source>
        <translation>alignement ...</translation>
    </message>
    <message>
        <source>alike in all cases</source>
        <translation>identique dans tous les cas</translation>
    </message>
    <message>
        <source>all</source>
        <comment>pairs read</comment>
        <translation>toutes</translation>
    </message>
    <message>
        <source>all four quadrants</source>
        <translation>les quatre quadrants</translation>
    </message>
    <message>
        <source>all hours</source>
        <translation>tout le cadran</translation>
    </message>
    <message>
        <source>all margin: left out</source>
        <translation>entièrement dans la marge : écartée</translation>
    </message>
    <message>
        <source>allergies</source>
        <comment>kind of record</comment>
        <translation>allergies</translation>
    </message>
    <message>
        <source>allow it in the settings of the system</source>
        <translation>donnez cette autorisation dans les réglages du système</translation>
    </message>
    <message>
        <source>amber</source>
        <comment>light</comment>
        <translation>ambre</translation>
    </message>
    <message>
        <source>amend the report first (Review, Report), or record what is new at a new visit</source>
        <translation>rectifiez d’abord le compte rendu (Lecture, Compte rendu), ou consignez ce qui est nouveau dans une nouvelle consultation</translation>
    </message>
    <message>
        <source>amendment</source>
        <comment>kind of record</comment>
        <translation>rectification</translation>
    </message>
    <message>
        <source>an account is never removed: what it did stays its doing</source>
        <translation>un compte n’est jamais supprimé : ce qu’il a fait reste à son nom</translation>
    </message>
    <message>
        <source>an account needs a name of at most 100 letters</source>
        <translation>un compte a besoin d’un nom d’au plus 100 lettres</translation>
    </message>
    <message>
        <source>an account needs a role</source>
        <translation>un compte a besoin d’un rôle</translation>
    </message>
    <message>
        <source>an allergy to iodine is on record of this woman: no picture after Lugol's iodine is taken</source>
        <translation>une allergie à l’iode est consignée pour cette patiente : aucune image après lugol n’est prise</translation>
    </message>
    <message>
        <source>an element in it has no length</source>
        <translation>un élément qu’il contient n’a pas de longueur</translation>
    </message>
    <message>
        <source>an element in it is longer than what is left of the file</source>
        <translation>un élément qu’il contient est plus long que ce qui reste du fichier</translation>
    </message>
    <message>
        <source>an element in it is of no known kind</source>
        <translation>un élément qu’il contient n’est d’aucun type connu</translation>
    </message>
    <message>
        <source>an examination has begun in the visit</source>
        <translation>un examen a commencé dans la consultation</translation>
    </message>
    <message>
        <source>an export cannot lie inside the library</source>
        <translation>un export ne peut pas se trouver dans la bibliothèque</translation>
    </message>
    <message>
        <source>an item in it is longer than what is left of the file</source>
        <translation>un item qu’il contient est plus long que ce qui reste du fichier</translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {one} that opens the library is not the one that the database knows</source>
        <translation>un ancien fichier de clés a été remis en place, ou une ancienne base de données : {one} qui ouvre la bibliothèque ne correspond pas à ce que connaît la base de données</translation>
    </message>
    <message>
        <source>an older key file was put back, or an older database: {several} that open the library are not those that the database knows</source>
        <translation>un ancien fichier de clés a été remis en place, ou une ancienne base de données : {several} qui ouvrent la bibliothèque ne correspondent pas à ce que connaît la base de données</translation>
    </message>
    <message numerus="yes">
        <source>an older key file was put back: {names} (has|have) no password in it and cannot sign in. Set (that|their) (password|passwords) anew (Settings, People); where nobody can, the recovery key lets an administrator in</source>
        <translation>
            <numerusform>un ancien fichier de clés a été remis en place : {names} n’y a pas de mot de passe et ne peut pas se connecter. Redéfinissez son mot de passe (Réglages, Personnes) ; là où personne ne le peut, la clé de récupération permet à un administrateur d’entrer</numerusform>
            <numerusform>un ancien fichier de clés a été remis en place : {names} n’y ont pas de mot de passe et ne peuvent pas se connecter. Redéfinissez leurs mots de passe (Réglages, Personnes) ; là où personne ne le peut, la clé de récupération permet à un administrateur d’entrer</numerusform>
        </translation>
    </message>
    <message>
        <source>an unexpected error; it is in the log</source>
        <translation>une erreur inattendue ; elle est dans le journal</translation>
    </message>
    <message>
        <source>an unknown way</source>
        <translation>un format inconnu</translation>
    </message>
    <message>
        <source>an update is being installed</source>
        <translation>une mise à jour est en cours d’installation</translation>
    </message>
    <message>
        <source>and {count} more</source>
        <translation>et {count} de plus</translation>
    </message>
    <message>
        <source>and {more} more</source>
        <translation>et {more} de plus</translation>
    </message>
    <message>
        <source>annotation</source>
        <comment>kind of record</comment>
        <translation>annotation</translation>
    </message>
    <message>
        <source>annotator</source>
        <translation>annotateur</translation>
    </message>
    <message>
        <source>another part of this clip has that number</source>
        <translation>une autre partie de ce clip porte ce numéro</translation>
    </message>
    <message>
        <source>another patient</source>
        <translation>une autre patiente</translation>
    </message>
    <message>
        <source>another pot of this visit is called {pot}</source>
        <translation>un autre pot de cette consultation s’appelle {pot}</translation>
    </message>
    <message>
        <source>another program</source>
        <translation>un autre programme</translation>
    </message>
    <message>
        <source>another program has {name}</source>
        <translation>un autre programme occupe {name}</translation>
    </message>
    <message>
        <source>another program has {port}</source>
        <translation>un autre programme occupe {port}</translation>
    </message>
    <message>
        <source>another program is writing to it</source>
        <translation>un autre programme y écrit</translation>
    </message>
    <message>
        <source>another program uses {name}</source>
        <translation>un autre programme utilise {name}</translation>
    </message>
    <message>
        <source>another reader is still to read it</source>
        <translation>la lecture d’un autre lecteur est encore attendue</translation>
    </message>
    <message>
        <source>another reason</source>
        <translation>un autre motif</translation>
    </message>
    <message>
        <source>another run</source>
        <translation>une autre exécution</translation>
    </message>
    <message>
        <source>another woman</source>
        <translation>une autre patiente</translation>
    </message>
    <message>
        <source>anterior</source>
        <translation>antérieur</translation>
    </message>
    <message>
        <source>anterior</source>
        <comment>Vagina, where</comment>
        <translation>antérieur</translation>
    </message>
    <message>
        <source>anterior left</source>
        <translation>antérieur gauche</translation>
    </message>
    <message>
        <source>anterior right</source>
        <translation>antérieur droit</translation>
    </message>
    <message>
        <source>antiplatelet</source>
        <translation>antiagrégant plaquettaire</translation>
    </message>
    <message>
        <source>any words of the line, or of what was there before or after</source>
        <translation>tout mot de la ligne, ou de ce qui s’y trouvait avant ou après</translation>
    </message>
    <message>
        <source>as 14 Mar 2026</source>
        <translation>p. ex. 14 mars 2026</translation>
    </message>
    <message>
        <source>as far from it</source>
        <translation>aussi éloigné</translation>
    </message>
    <message>
        <source>ask an administrator of the library to switch it on again</source>
        <translation>demandez à un administrateur de la bibliothèque de le réactiver</translation>
    </message>
    <message>
        <source>ask an administrator of the library, or sign in as somebody who may</source>
        <translation>demandez à un administrateur de la bibliothèque, ou connectez-vous avec un compte autorisé</translation>
    </message>
    <message>
        <source>ask for 0 to {most}</source>
        <translation>demandez une valeur de 0 à {most}</translation>
    </message>
    <message>
        <source>ask for the permission to read it</source>
        <translation>demandez le droit de le lire</translation>
    </message>
    <message>
        <source>ask for the update file for it</source>
        <translation>demandez le fichier de mise à jour qui convient</translation>
    </message>
    <message>
        <source>ask its sender for it again</source>
        <translation>redemandez ce fichier à son expéditeur</translation>
    </message>
    <message>
        <source>ask who keeps it for permission to open the folder, check its disk, or choose another library</source>
        <translation>demandez à la personne qui le gère le droit d’ouvrir le dossier, vérifiez son disque, ou choisissez une autre bibliothèque</translation>
    </message>
    <message>
        <source>ask whoever gave it to you for an update file for this version</source>
        <translation>demandez à la personne qui vous l’a donné un fichier de mise à jour pour cette version</translation>
    </message>
    <message>
        <source>ask whoever looks after this computer for the right to (on Linux mostly the group dialout)</source>
        <translation>demandez ce droit à la personne qui gère cet ordinateur (sous Linux, le plus souvent le groupe dialout)</translation>
    </message>
    <message>
        <source>asking the model</source>
        <translation>interrogation du modèle</translation>
    </message>
    <message>
        <source>assessment</source>
        <comment>kind of record</comment>
        <translation>évaluation</translation>
    </message>
    <message>
        <source>assign it to a patient first</source>
        <translation>attribuez d’abord la consultation à une patiente</translation>
    </message>
    <message>
        <source>at most</source>
        <comment>so many pairs</comment>
        <translation>au plus</translation>
    </message>
    <message numerus="yes">
        <source>at most %n time(s) a second there and back</source>
        <translation>
            <numerusform>au plus %n aller-retour par seconde</numerusform>
            <numerusform>au plus %n allers-retours par seconde</numerusform>
        </translation>
    </message>
    <message>
        <source>at the os</source>
        <translation>à l’orifice externe</translation>
    </message>
    <message>
        <source>at {clock}</source>
        <translation>à {clock}</translation>
    </message>
    <message>
        <source>at {clock}, no fluorescence</source>
        <translation>à {clock}, sans fluorescence</translation>
    </message>
    <message>
        <source>at {time}</source>
        <translation>à {time}</translation>
    </message>
    <message>
        <source>atypical vessels</source>
        <translation>vaisseaux atypiques</translation>
    </message>
    <message>
        <source>audit trail: its end is not line {last}, as the library notes: lines at the end were altered or removed</source>
        <translation>piste d’audit : sa fin n’est pas la ligne {last} que note la bibliothèque : des lignes de la fin ont été modifiées ou supprimées</translation>
    </message>
    <message>
        <source>audit trail: line {number} ({at:%Y-%m-%d %H:%M} UTC, {words!r}) is not what was written, or lines between it and line {last} were altered, removed or moved</source>
        <translation>piste d’audit : la ligne {number} ({at:%Y-%m-%d %H:%M} UTC, {words!r}) n’est pas ce qui a été écrit, ou des lignes entre elle et la ligne {last} ont été modifiées, supprimées ou déplacées</translation>
    </message>
    <message>
        <source>audit trail: line {number} is not what was written: it cannot be read</source>
        <translation>piste d’audit : la ligne {number} n’est pas ce qui a été écrit : elle ne peut pas être lue</translation>
    </message>
    <message>
        <source>awaited</source>
        <comment>result</comment>
        <translation>attendu</translation>
    </message>
    <message>
        <source>back the library up, or repair it</source>
        <translation>sauvegarder la bibliothèque, ou la réparer</translation>
    </message>
    <message>
        <source>banded</source>
        <translation>avec bandes</translation>
    </message>
    <message>
        <source>barrier</source>
        <comment>Contraception</comment>
        <translation>barrière</translation>
    </message>
    <message>
        <source>before</source>
        <comment>a change</comment>
        <translation>avant</translation>
    </message>
    <message>
        <source>before acetic acid</source>
        <translation>avant l’acide acétique</translation>
    </message>
    <message>
        <source>before treatment</source>
        <translation>avant traitement</translation>
    </message>
    <message>
        <source>began {seconds:.0f} s after acid</source>
        <translation>débute {seconds:.0f} s après l’acide</translation>
    </message>
    <message>
        <source>begin it in Capture</source>
        <translation>commencez cet examen dans Acquisition</translation>
    </message>
    <message>
        <source>begun</source>
        <comment>HPV vaccination</comment>
        <translation>commencée</translation>
    </message>
    <message>
        <source>being recorded</source>
        <translation>enregistrement en cours</translation>
    </message>
    <message>
        <source>being taken</source>
        <translation>prise en cours</translation>
    </message>
    <message>
        <source>biopsy</source>
        <translation>biopsie</translation>
    </message>
    <message>
        <source>biopsy {letter}</source>
        <translation>biopsie {letter}</translation>
    </message>
    <message>
        <source>biopsy {name}, {place}</source>
        <translation>biopsie {name}, {place}</translation>
    </message>
    <message>
        <source>birth date</source>
        <translation>date de naissance</translation>
    </message>
    <message>
        <source>blank them, or leave the picture out</source>
        <translation>masquez ces mots, ou écartez l’image</translation>
    </message>
    <message>
        <source>bleeding</source>
        <translation>saignement</translation>
    </message>
    <message>
        <source>blend, curtain</source>
        <translation>fondu, rideau</translation>
    </message>
    <message>
        <source>blocked: iodine allergy</source>
        <translation>bloquée : allergie à l’iode</translation>
    </message>
    <message>
        <source>blurred</source>
        <translation>floue</translation>
    </message>
    <message>
        <source>born {birth_date}    ID {identifier}    visit {moment}</source>
        <translation>née le {birth_date}    identifiant {identifier}    consultation {moment}</translation>
    </message>
    <message>
        <source>born {born}, ID {identifier}</source>
        <translation>née le {born}, identifiant {identifier}</translation>
    </message>
    <message>
        <source>born {day}</source>
        <translation>née le {day}</translation>
    </message>
    <message>
        <source>born {day}   ID {identifier}</source>
        <translation>née le {day}   identifiant {identifier}</translation>
    </message>
    <message>
        <source>both</source>
        <comment>Because of</comment>
        <translation>les deux</translation>
    </message>
    <message>
        <source>both</source>
        <comment>sources</comment>
        <translation>les deux</translation>
    </message>
    <message>
        <source>both sources</source>
        <comment>pictures of a visit</comment>
        <translation>les deux</translation>
    </message>
    <message>
        <source>both sources</source>
        <translation>les deux sources</translation>
    </message>
    <message>
        <source>both visits have pins of the same letter</source>
        <translation>les deux consultations ont des repères de même lettre</translation>
    </message>
    <message>
        <source>boxes to blank were drawn for {count} pictures that are not in this export</source>
        <translation>des cadres à masquer ont été tracés pour {count} images qui ne sont pas dans cet export</translation>
    </message>
    <message>
        <source>bring a backup back beside the library with the earlier program: pfm library restore</source>
        <translation>restaurez une sauvegarde à côté de la bibliothèque avec le programme précédent : pfm library restore</translation>
    </message>
    <message>
        <source>bring it as a PNG</source>
        <translation>fournissez ce contour en PNG</translation>
    </message>
    <message>
        <source>bring that version back, or give this run up and begin another one</source>
        <translation>rétablissez cette version, ou abandonnez cet apprentissage et commencez-en un autre</translation>
    </message>
    <message>
        <source>bring that version back, or learn again</source>
        <translation>rétablissez cette version, ou relancez l’apprentissage</translation>
    </message>
    <message>
        <source>bring the backup of {snapshot} back with: pfm library restore {folder} NEW_FOLDER --at {snapshot}</source>
        <translation>restaurez la sauvegarde de {snapshot} avec : pfm library restore {folder} NEW_FOLDER --at {snapshot}</translation>
    </message>
    <message>
        <source>bring the file of a public FasterNet T0, T1 or T2 (fasternet_t*.in1k)</source>
        <translation>fournissez le fichier d’un FasterNet T0, T1 ou T2 public (fasternet_t*.in1k)</translation>
    </message>
    <message>
        <source>bring the same weights as .safetensors</source>
        <translation>fournissez les mêmes poids en .safetensors</translation>
    </message>
    <message>
        <source>bring the weights as .safetensors, or import FasterNet weights with `pfm models import`</source>
        <translation>fournissez les poids en .safetensors, ou importez des poids FasterNet avec `pfm models import`</translation>
    </message>
    <message>
        <source>brush</source>
        <comment>Taken with</comment>
        <translation>brosse</translation>
    </message>
    <message>
        <source>by itself</source>
        <translation>auto</translation>
    </message>
    <message>
        <source>by key</source>
        <translation>par touche</translation>
    </message>
    <message>
        <source>by {day}</source>
        <translation>au plus tard le {day}</translation>
    </message>
    <message>
        <source>calibration</source>
        <comment>part of the cases</comment>
        <translation>étalonnage</translation>
    </message>
    <message>
        <source>cameras by GenICam need a part that is not installed</source>
        <translation>les caméras GenICam nécessitent un composant qui n’est pas installé</translation>
    </message>
    <message>
        <source>cancer</source>
        <comment>grade</comment>
        <translation>cancer</translation>
    </message>
    <message>
        <source>cannot</source>
        <comment>be graded</comment>
        <translation>grade impossible</translation>
    </message>
    <message>
        <source>cannot be judged</source>
        <comment>Margins</comment>
        <translation>non évaluables</translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation>illisible</translation>
    </message>
    <message>
        <source>cannot be read ({why})</source>
        <translation>ne peut pas être lu ({why})</translation>
    </message>
    <message>
        <source>cannot be read: left out</source>
        <translation>illisible : écartée</translation>
    </message>
    <message>
        <source>cannot be told</source>
        <translation>indéterminable</translation>
    </message>
    <message>
        <source>case {case} has no picture</source>
        <translation>le cas {case} n’a aucune image</translation>
    </message>
    <message>
        <source>cases of another clinic</source>
        <translation>cas d’un autre centre</translation>
    </message>
    <message>
        <source>cases of this clinic</source>
        <translation>cas de ce centre</translation>
    </message>
    <message>
        <source>cervix as drawn</source>
        <translation>col tracé</translation>
    </message>
    <message>
        <source>cervix as found</source>
        <translation>col détecté</translation>
    </message>
    <message>
        <source>cervix unsure</source>
        <translation>col incertain</translation>
    </message>
    <message>
        <source>change its permissions or copy it to your own folder</source>
        <translation>modifiez ses droits d’accès ou copiez le fichier dans votre propre dossier</translation>
    </message>
    <message>
        <source>change one of them</source>
        <translation>modifiez l’une des deux valeurs</translation>
    </message>
    <message>
        <source>change the plan</source>
        <translation>modifiez le protocole</translation>
    </message>
    <message>
        <source>change the plan of examinations</source>
        <translation>modifier le protocole des examens</translation>
    </message>
    <message>
        <source>change visits, pictures and findings</source>
        <translation>modifier consultations, images et constatations</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>modifié</translation>
    </message>
    <message>
        <source>check</source>
        <comment>registration</comment>
        <translation>à vérifier</translation>
    </message>
    <message>
        <source>check its cable</source>
        <translation>vérifiez son câble</translation>
    </message>
    <message>
        <source>check its cable or its network</source>
        <translation>vérifiez son câble ou son réseau</translation>
    </message>
    <message>
        <source>check its name, its permissions and the disk</source>
        <translation>vérifiez son nom, ses droits d’accès et le disque</translation>
    </message>
    <message>
        <source>check its permissions</source>
        <translation>vérifiez ses droits d’accès</translation>
    </message>
    <message>
        <source>check its permissions and those of the folders above it, or set PFM_HOME to a folder of yours</source>
        <translation>vérifiez ses droits d’accès et ceux des dossiers parents, ou définissez PFM_HOME sur un dossier à vous</translation>
    </message>
    <message>
        <source>check its power and its cable</source>
        <translation>vérifiez son alimentation et son câble</translation>
    </message>
    <message>
        <source>check length and points</source>
        <translation>vérifiez la longueur et les points</translation>
    </message>
    <message>
        <source>check that its disk is connected</source>
        <translation>vérifiez que son disque est connecté</translation>
    </message>
    <message>
        <source>check that its disk or network share is connected, then try again</source>
        <translation>vérifiez que son disque ou partage réseau est connecté, puis réessayez</translation>
    </message>
    <message>
        <source>check that the camera is on</source>
        <translation>vérifiez que la caméra est allumée</translation>
    </message>
    <message>
        <source>check that the disk is connected and has free space, then try again</source>
        <translation>vérifiez que le disque est connecté et a de l’espace libre, puis réessayez</translation>
    </message>
    <message>
        <source>check that the set came from this library</source>
        <translation>vérifiez que le jeu provient de cette bibliothèque</translation>
    </message>
    <message>
        <source>check that you may write to that folder, then start again</source>
        <translation>vérifiez que vous pouvez écrire dans ce dossier, puis recommencez</translation>
    </message>
    <message>
        <source>check the address</source>
        <translation>vérifiez l’adresse</translation>
    </message>
    <message>
        <source>check the disk</source>
        <translation>vérifiez le disque</translation>
    </message>
    <message>
        <source>check the disk and its free space, then try again</source>
        <translation>vérifiez le disque et son espace libre, puis réessayez</translation>
    </message>
    <message>
        <source>check the disk and its permissions</source>
        <translation>vérifiez le disque et ses droits d’accès</translation>
    </message>
    <message>
        <source>check the disk and the permissions</source>
        <translation>vérifiez les droits d’accès et le disque</translation>
    </message>
    <message>
        <source>check the disk or copy the file again</source>
        <translation>vérifiez le disque ou recopiez le fichier</translation>
    </message>
    <message>
        <source>check the disk, then try again</source>
        <translation>vérifiez le disque, puis réessayez</translation>
    </message>
    <message>
        <source>check the folder and its disk, or choose the other way of coding</source>
        <translation>vérifiez le dossier et son disque, ou choisissez l’autre codage</translation>
    </message>
    <message>
        <source>check the name and that its disk is connected</source>
        <translation>vérifiez le nom et que son disque est connecté</translation>
    </message>
    <message>
        <source>check the name and the folder</source>
        <translation>vérifiez le nom et le dossier</translation>
    </message>
    <message>
        <source>check the network</source>
        <translation>vérifiez le réseau</translation>
    </message>
    <message>
        <source>check the network and the address</source>
        <translation>vérifiez le réseau et l’adresse</translation>
    </message>
    <message>
        <source>check the network, and that the camera is on</source>
        <translation>vérifiez le réseau, et que la caméra est allumée</translation>
    </message>
    <message>
        <source>check the path in the address, user name and password</source>
        <translation>vérifiez le chemin dans l’adresse, le nom d’utilisateur et le mot de passe</translation>
    </message>
    <message>
        <source>check the permissions and the disk</source>
        <translation>vérifiez les droits d’accès et le disque</translation>
    </message>
    <message>
        <source>check the permissions of the folder and whether the disk is read-only</source>
        <translation>vérifiez les droits d’accès du dossier et si le disque est en lecture seule</translation>
    </message>
    <message>
        <source>check the pictures and grades it learns from, then train again</source>
        <translation>vérifiez les images et les grades de l’apprentissage, puis relancez l’entraînement</translation>
    </message>
    <message>
        <source>check the pictures, or fetch the model again</source>
        <translation>vérifiez les images, ou récupérez de nouveau le modèle</translation>
    </message>
    <message>
        <source>check the pictures, start from another model, or train from nothing</source>
        <translation>vérifiez les images, partez d’un autre modèle, ou entraînez à partir de zéro</translation>
    </message>
    <message>
        <source>check the port of the address</source>
        <translation>vérifiez le port de l’adresse</translation>
    </message>
    <message>
        <source>check the trail, and look for the line in a backup</source>
        <translation>vérifiez la piste d’audit, et cherchez la ligne dans une sauvegarde</translation>
    </message>
    <message>
        <source>check, {error}</source>
        <translation>à vérifier, {error}</translation>
    </message>
    <message>
        <source>check, {error}, by hand</source>
        <translation>à vérifier, {error}, à la main</translation>
    </message>
    <message>
        <source>choose JPEG, PNG, TIFF, BMP, WebP, HEIC or DICOM pictures, or AVI or MKV videos (MJPG, FFV1)</source>
        <translation>choisissez des images JPEG, PNG, TIFF, BMP, WebP, HEIC ou DICOM, ou des vidéos AVI ou MKV (MJPG, FFV1)</translation>
    </message>
    <message>
        <source>choose MJPEG or H.264 in the settings of the camera, and check the path in the address</source>
        <translation>choisissez MJPEG ou H.264 dans les réglages de la caméra, et vérifiez le chemin dans l’adresse</translation>
    </message>
    <message>
        <source>choose a backup of this library</source>
        <translation>choisissez une sauvegarde de cette bibliothèque</translation>
    </message>
    <message>
        <source>choose a camera</source>
        <translation>choisissez une caméra</translation>
    </message>
    <message>
        <source>choose a camera from the list, or give an address such as rtsp://192.168.0.20/stream</source>
        <translation>choisissez une caméra dans la liste, ou indiquez une adresse telle que rtsp://192.168.0.20/stream</translation>
    </message>
    <message>
        <source>choose a file of at most {most} GB</source>
        <translation>choisissez un fichier d’au plus {most} Go</translation>
    </message>
    <message>
        <source>choose a fluorescence picture</source>
        <translation>choisissez une image en fluorescence</translation>
    </message>
    <message>
        <source>choose a folder of its own for backups, best on another disk</source>
        <translation>choisissez un dossier réservé aux sauvegardes, de préférence sur un autre disque</translation>
    </message>
    <message>
        <source>choose a folder outside of it for the library</source>
        <translation>choisissez pour la bibliothèque un dossier en dehors de celui-ci</translation>
    </message>
    <message>
        <source>choose a folder somewhere else</source>
        <translation>choisissez un dossier ailleurs</translation>
    </message>
    <message>
        <source>choose a folder that is empty or not there yet: nobody else may look into that of a library</source>
        <translation>choisissez un dossier vide ou qui n’existe pas encore : personne d’autre ne doit pouvoir regarder dans celui d’une bibliothèque</translation>
    </message>
    <message>
        <source>choose a folder that is not there yet</source>
        <translation>choisissez un dossier qui n’existe pas encore</translation>
    </message>
    <message>
        <source>choose a folder that is not there yet; a library is never written over</source>
        <translation>choisissez un dossier qui n’existe pas encore ; une bibliothèque n’est jamais écrasée</translation>
    </message>
    <message>
        <source>choose a folder that you may write to</source>
        <translation>choisissez un dossier dans lequel vous pouvez écrire</translation>
    </message>
    <message>
        <source>choose a folder that you may write to, on a disk with free space</source>
        <translation>choisissez un dossier dans lequel vous pouvez écrire, sur un disque avec de l’espace libre</translation>
    </message>
    <message>
        <source>choose a folder that you may write to, then try again</source>
        <translation>choisissez un dossier dans lequel vous pouvez écrire, puis réessayez</translation>
    </message>
    <message>
        <source>choose a folder with PNG or JPEG files</source>
        <translation>choisissez un dossier contenant des fichiers PNG ou JPEG</translation>
    </message>
    <message>
        <source>choose a multiple of {stride} up to {most}</source>
        <translation>choisissez un multiple de {stride} jusqu’à {most}</translation>
    </message>
    <message>
        <source>choose a new or an empty one</source>
        <translation>choisissez un dossier nouveau ou vide</translation>
    </message>
    <message>
        <source>choose a number from 0 to below 1</source>
        <translation>choisissez un nombre de 0 à moins de 1</translation>
    </message>
    <message>
        <source>choose a patient</source>
        <translation>choisissez une patiente</translation>
    </message>
    <message>
        <source>choose a picture</source>
        <translation>choisissez une image</translation>
    </message>
    <message>
        <source>choose a picture file that you may read</source>
        <translation>choisissez un fichier image que vous pouvez lire</translation>
    </message>
    <message>
        <source>choose a picture of at least {least} pixels a side, better 1000</source>
        <translation>choisissez une image d’au moins {least} pixels de côté, mieux 1000</translation>
    </message>
    <message>
        <source>choose a picture of at least {smallest} pixels a side, better 1000</source>
        <translation>choisissez une image d’au moins {smallest} pixels de côté, mieux 1000</translation>
    </message>
    <message>
        <source>choose a picture of at most {megapixels} megapixels and {most_frames} frames</source>
        <translation>choisissez un fichier d’au plus {megapixels} mégapixels et {most_frames} images</translation>
    </message>
    <message>
        <source>choose a picture of at most {most} megapixels</source>
        <translation>choisissez une image d’au plus {most} mégapixels</translation>
    </message>
    <message>
        <source>choose a place on the cervix that the first frame shows</source>
        <translation>choisissez un endroit du col visible sur la première image</translation>
    </message>
    <message>
        <source>choose a recording or a folder of pictures</source>
        <translation>choisissez un enregistrement ou un dossier d’images</translation>
    </message>
    <message>
        <source>choose a smaller one</source>
        <translation>choisissez un fichier plus petit</translation>
    </message>
    <message>
        <source>choose a value within</source>
        <translation>choisissez une valeur dans ces limites</translation>
    </message>
    <message>
        <source>choose a white-light picture</source>
        <translation>choisissez une image en lumière blanche</translation>
    </message>
    <message>
        <source>choose a whole number from {least} to {most}</source>
        <translation>choisissez un nombre entier de {least} à {most}</translation>
    </message>
    <message>
        <source>choose an AVI or MKV file</source>
        <translation>choisissez un fichier AVI ou MKV</translation>
    </message>
    <message>
        <source>choose an earlier moment</source>
        <translation>choisissez un moment antérieur</translation>
    </message>
    <message>
        <source>choose an empty folder for backups</source>
        <translation>choisissez un dossier vide pour les sauvegardes</translation>
    </message>
    <message>
        <source>choose an impression first</source>
        <translation>choisissez d’abord une impression</translation>
    </message>
    <message>
        <source>choose an offset in days other than 0</source>
        <translation>choisissez un décalage en jours différent de 0</translation>
    </message>
    <message>
        <source>choose another camera</source>
        <translation>choisissez une autre caméra</translation>
    </message>
    <message>
        <source>choose another file</source>
        <translation>choisissez un autre fichier</translation>
    </message>
    <message>
        <source>choose another folder</source>
        <translation>choisissez un autre dossier</translation>
    </message>
    <message>
        <source>choose another folder or a new version</source>
        <translation>choisissez un autre dossier ou une nouvelle version</translation>
    </message>
    <message>
        <source>choose another folder; each library has its own</source>
        <translation>choisissez un autre dossier ; chaque bibliothèque a le sien</translation>
    </message>
    <message>
        <source>choose another impression instead: that is your second read</source>
        <translation>choisissez plutôt une autre impression : ce sera votre seconde lecture</translation>
    </message>
    <message>
        <source>choose another model in Models first, to compare it with that</source>
        <translation>choisissez d’abord un autre modèle dans Modèles, pour faire la comparaison avec lui</translation>
    </message>
    <message>
        <source>choose another model in Models, or roll back on the computer where {before} is</source>
        <translation>choisissez un autre modèle dans Modèles, ou revenez en arrière sur l’ordinateur où se trouve {before}</translation>
    </message>
    <message>
        <source>choose another model, or leave that picture out</source>
        <translation>choisissez un autre modèle, ou écartez cette image</translation>
    </message>
    <message>
        <source>choose another name</source>
        <translation>choisissez un autre nom</translation>
    </message>
    <message>
        <source>choose another name (on the command line with --name)</source>
        <translation>choisissez un autre nom (en ligne de commande avec --name)</translation>
    </message>
    <message>
        <source>choose another name for the model</source>
        <translation>choisissez un autre nom pour le modèle</translation>
    </message>
    <message>
        <source>choose another one</source>
        <translation>faites un autre choix</translation>
    </message>
    <message>
        <source>choose another one in Models</source>
        <translation>choisissez un autre modèle dans Modèles</translation>
    </message>
    <message>
        <source>choose another task, or ask who made it</source>
        <translation>choisissez une autre tâche, ou demandez à la personne qui l’a créée</translation>
    </message>
    <message>
        <source>choose another task, or ask who made it to open it again</source>
        <translation>choisissez une autre tâche, ou demandez à la personne qui l’a créée de la rouvrir</translation>
    </message>
    <message>
        <source>choose another value</source>
        <translation>choisissez une autre valeur</translation>
    </message>
    <message>
        <source>choose another visit</source>
        <translation>choisissez une autre consultation</translation>
    </message>
    <message>
        <source>choose another woman</source>
        <translation>choisissez une autre patiente</translation>
    </message>
    <message>
        <source>choose it again</source>
        <translation>refaites ce choix</translation>
    </message>
    <message>
        <source>choose it in Models</source>
        <translation>choisissez ce modèle dans Modèles</translation>
    </message>
    <message>
        <source>choose one in Device</source>
        <translation>choisissez une caméra dans Appareil</translation>
    </message>
    <message>
        <source>choose one in Findings</source>
        <translation>choisissez une lésion dans Signes</translation>
    </message>
    <message>
        <source>choose one of the two</source>
        <translation>choisissez l’un des deux</translation>
    </message>
    <message>
        <source>choose one of this visit</source>
        <translation>choisissez une image de cette consultation</translation>
    </message>
    <message>
        <source>choose one of those there are (the latest: {latest})</source>
        <translation>choisissez un de ceux qui existent (le dernier : {latest})</translation>
    </message>
    <message>
        <source>choose one of {splices}</source>
        <translation>choisissez parmi {splices}</translation>
    </message>
    <message>
        <source>choose one of {steps}</source>
        <translation>choisissez parmi {steps}</translation>
    </message>
    <message>
        <source>choose one of {variants}</source>
        <translation>choisissez parmi {variants}</translation>
    </message>
    <message>
        <source>choose one that it has</source>
        <translation>choisissez une image qui s’y trouve</translation>
    </message>
    <message>
        <source>choose one white-light and one fluorescence picture of one visit; say their stages first</source>
        <translation>choisissez une image en lumière blanche et une en fluorescence de la même consultation ; indiquez d’abord leurs étapes</translation>
    </message>
    <message>
        <source>choose one, or switch the account off</source>
        <translation>choisissez un rôle, ou désactivez le compte</translation>
    </message>
    <message>
        <source>choose the CSV file</source>
        <translation>choisissez le fichier CSV</translation>
    </message>
    <message>
        <source>choose the folder that holds library.sqlite, or a backup</source>
        <translation>choisissez le dossier qui contient library.sqlite, ou une sauvegarde</translation>
    </message>
    <message>
        <source>choose the folder that holds {about} and the folder {snapshots}</source>
        <translation>choisissez le dossier qui contient {about} et le dossier {snapshots}</translation>
    </message>
    <message>
        <source>choose the folder that holds {file}, or put it back from a backup</source>
        <translation>choisissez le dossier qui contient {file}, ou restaurez ce fichier depuis une sauvegarde</translation>
    </message>
    <message>
        <source>choose the impression again (Findings); after the reveal it is the second read</source>
        <translation>choisissez de nouveau l’impression (Signes) ; après la révélation, c’est la seconde lecture</translation>
    </message>
    <message>
        <source>choose the picture itself</source>
        <translation>choisissez l’image elle-même</translation>
    </message>
    <message>
        <source>choose the port of the lamp, or switch the lamp off and on</source>
        <translation>choisissez le port de la lampe, ou éteignez puis rallumez la lampe</translation>
    </message>
    <message>
        <source>choose the right one</source>
        <translation>choisissez le bon dossier</translation>
    </message>
    <message>
        <source>choose the update file (*.pfm-update)</source>
        <translation>choisissez le fichier de mise à jour (*.pfm-update)</translation>
    </message>
    <message>
        <source>choose the zip again</source>
        <translation>choisissez de nouveau le zip</translation>
    </message>
    <message>
        <source>choose white light, fluorescence, or white light + one other</source>
        <translation>choisissez lumière blanche, fluorescence, ou lumière blanche + une autre</translation>
    </message>
    <message>
        <source>choose white, fluorescence or both</source>
        <translation>choisissez blanche, fluorescence ou les deux</translation>
    </message>
    <message>
        <source>choose {kinds}</source>
        <translation>choisissez {kinds}</translation>
    </message>
    <message>
        <source>choose {model} above and have it answer here, so that it is compared with that</source>
        <translation>choisissez {model} ci-dessus et faites-le répondre ici, pour que la comparaison se fasse avec lui</translation>
    </message>
    <message>
        <source>class map</source>
        <translation>carte de classes</translation>
    </message>
    <message>
        <source>class map on the scale of the model</source>
        <translation>carte de classes à l’échelle du modèle</translation>
    </message>
    <message>
        <source>clear</source>
        <comment>Excision margins</comment>
        <translation>saines</translation>
    </message>
    <message>
        <source>click on the picture</source>
        <translation>cliquez sur l’image</translation>
    </message>
    <message>
        <source>clinician</source>
        <translation>clinicien</translation>
    </message>
    <message>
        <source>clinicians and administrators choose it</source>
        <translation>les cliniciens et les administrateurs le choisissent</translation>
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
        <translation>fermez tous les programmes qui l’ont ouverte, puis réessayez</translation>
    </message>
    <message>
        <source>close it there and ask for permission to write to the folder and the file 'lock' in it, and keep it on a disk that locks files</source>
        <translation>fermez la bibliothèque là-bas et demandez le droit d’écrire dans le dossier et dans son fichier 'lock', et gardez-la sur un disque qui verrouille les fichiers</translation>
    </message>
    <message>
        <source>close it, then try again</source>
        <translation>fermez ce programme, puis réessayez</translation>
    </message>
    <message>
        <source>close other programs that show this camera</source>
        <translation>fermez les autres programmes qui affichent cette caméra</translation>
    </message>
    <message>
        <source>close other programs to free memory, then start it again</source>
        <translation>fermez d’autres programmes pour libérer de la mémoire, puis relancez l’opération</translation>
    </message>
    <message>
        <source>close other programs, then start it again</source>
        <translation>fermez d’autres programmes, puis relancez l’opération</translation>
    </message>
    <message>
        <source>close the corners of a lesion</source>
        <translation>fermer le contour d’une lésion</translation>
    </message>
    <message>
        <source>close the other program</source>
        <translation>fermez l’autre programme</translation>
    </message>
    <message>
        <source>close the other program and open the library again</source>
        <translation>fermez l’autre programme et rouvrez la bibliothèque</translation>
    </message>
    <message>
        <source>close the other program or wait a moment, then try again</source>
        <translation>fermez l’autre programme ou attendez un instant, puis réessayez</translation>
    </message>
    <message>
        <source>close the other program, then try again</source>
        <translation>fermez l’autre programme, puis réessayez</translation>
    </message>
    <message>
        <source>close the program there, then try again</source>
        <translation>fermez-y le programme, puis réessayez</translation>
    </message>
    <message>
        <source>close the program, check that the disk or share is connected, and open the library again; put no backup in its place before it could be read and checked (pfm library verify)</source>
        <translation>fermez le programme, vérifiez que le disque ou le partage est connecté, et rouvrez la bibliothèque ; ne mettez aucune sauvegarde à sa place avant qu’elle ait pu être lue et vérifiée (pfm library verify)</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>fermée</translation>
    </message>
    <message>
        <source>closed</source>
        <comment>task</comment>
        <translation>fermée</translation>
    </message>
    <message>
        <source>coarse mosaic</source>
        <translation>mosaïque grossière</translation>
    </message>
    <message>
        <source>coarse punctation</source>
        <translation>ponctuation grossière</translation>
    </message>
    <message>
        <source>cold-knife cone</source>
        <translation>conisation au bistouri froid</translation>
    </message>
    <message>
        <source>colour profile without a name converted to sRGB</source>
        <translation>profil de couleur sans nom converti en sRGB</translation>
    </message>
    <message>
        <source>colour profile {name} converted to sRGB</source>
        <translation>profil de couleur {name} converti en sRGB</translation>
    </message>
    <message>
        <source>columnar epithelium (adenosis)</source>
        <translation>épithélium cylindrique (adénose)</translation>
    </message>
    <message>
        <source>columnar epithelium, ectopy</source>
        <translation>épithélium cylindrique, ectopie</translation>
    </message>
    <message>
        <source>compare and promote it in Fine-tune, in that library; one that is promoted is brought here there</source>
        <translation>comparez et promouvez ce modèle dans Affinage, dans cette bibliothèque ; un modèle promu là-bas est alors amené ici</translation>
    </message>
    <message>
        <source>compare it with the printed one, group by group</source>
        <translation>comparez cette clé à la clé imprimée, groupe par groupe</translation>
    </message>
    <message>
        <source>compare them again</source>
        <translation>relancez la comparaison</translation>
    </message>
    <message>
        <source>compare them first</source>
        <translation>faites d’abord la comparaison</translation>
    </message>
    <message>
        <source>complete</source>
        <comment>HPV vaccination</comment>
        <translation>complète</translation>
    </message>
    <message>
        <source>completely visible</source>
        <translation>entièrement visible</translation>
    </message>
    <message>
        <source>condyloma</source>
        <translation>condylome</translation>
    </message>
    <message>
        <source>confirmed by hand; {reason}</source>
        <translation>confirmé à la main ; {reason}</translation>
    </message>
    <message numerus="yes">
        <source>confirming %n picture(s)</source>
        <translation>
            <numerusform>confirmation de %n image</numerusform>
            <numerusform>confirmation de %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>confirming who she is</source>
        <translation>confirmation de l’identité de la patiente</translation>
    </message>
    <message>
        <source>congenital anomaly</source>
        <translation>anomalie congénitale</translation>
    </message>
    <message>
        <source>congenital transformation zone</source>
        <translation>zone de transformation congénitale</translation>
    </message>
    <message>
        <source>connect the disk or put the folder back; or close the library and open it where it is now</source>
        <translation>connectez le disque ou remettez le dossier en place ; ou fermez la bibliothèque et ouvrez-la là où elle est maintenant</translation>
    </message>
    <message>
        <source>connect the disk, or open the library where it is now</source>
        <translation>connectez le disque, ou ouvrez la bibliothèque là où elle est maintenant</translation>
    </message>
    <message>
        <source>consequence of treatment</source>
        <translation>séquelle de traitement</translation>
    </message>
    <message>
        <source>contours of lesions and SCJ lines ({count})</source>
        <translation>contours de lésions et lignes de JPC ({count})</translation>
    </message>
    <message>
        <source>contours of the lesion are drawn</source>
        <translation>des contours de la lésion sont tracés</translation>
    </message>
    <message>
        <source>copy it again from where it came from</source>
        <translation>recopiez ce fichier depuis sa source</translation>
    </message>
    <message>
        <source>copy it to the stick again; where that does not help, get it anew from where it came from</source>
        <translation>copiez-le de nouveau sur la clé USB ; si cela ne suffit pas, reprenez-le là d’où il vient</translation>
    </message>
    <message>
        <source>copy its folder as it stands, and put the last backup beside it: pfm library restore BACKUP NEW_FOLDER</source>
        <translation>copiez son dossier tel quel, et placez la dernière sauvegarde à côté : pfm library restore BACKUP NEW_FOLDER</translation>
    </message>
    <message>
        <source>copy its folder as it stands, and {way_back}</source>
        <translation>copiez son dossier tel quel, et {way_back}</translation>
    </message>
    <message>
        <source>copy or download it again</source>
        <translation>recopiez ou téléchargez de nouveau ce fichier</translation>
    </message>
    <message>
        <source>copy or download the zip again</source>
        <translation>recopiez ou téléchargez de nouveau le zip</translation>
    </message>
    <message>
        <source>copy or export it again</source>
        <translation>recopiez ou exportez de nouveau ce fichier</translation>
    </message>
    <message>
        <source>copy the library to a place that can be written</source>
        <translation>copiez la bibliothèque à un endroit où l’on peut écrire</translation>
    </message>
    <message>
        <source>copy {keys} of the library to {file}, if it is still there, or the key file from another copy of this backup, and try again; without one nobody can open it</source>
        <translation>copiez {keys} de la bibliothèque vers {file}, si ce fichier existe encore, ou le fichier de clés d’une autre copie de cette sauvegarde, et réessayez ; sans l’un d’eux, personne ne peut l’ouvrir</translation>
    </message>
    <message>
        <source>correct it, then try again</source>
        <translation>corrigez ce point, puis réessayez</translation>
    </message>
    <message>
        <source>correct the line</source>
        <translation>corrigez la ligne</translation>
    </message>
    <message>
        <source>correct the manifest</source>
        <translation>corrigez le manifeste</translation>
    </message>
    <message>
        <source>correct these lines</source>
        <translation>corrigez ces lignes</translation>
    </message>
    <message>
        <source>correct these lines; stages are {stages}, sources {sources}</source>
        <translation>corrigez ces lignes ; les étapes sont {stages}, les sources {sources}</translation>
    </message>
    <message>
        <source>could not make a library in {path}: {why}</source>
        <translation>impossible de créer une bibliothèque dans {path} : {why}</translation>
    </message>
    <message>
        <source>could not move the demo library to {path}: {problem}</source>
        <translation>impossible de déplacer la bibliothèque de démonstration vers {path} : {problem}</translation>
    </message>
    <message>
        <source>could not write the copy {file}: {why}</source>
        <translation>impossible d’écrire la copie {file} : {why}</translation>
    </message>
    <message>
        <source>could not write {folder}: {why}</source>
        <translation>impossible d’écrire {folder} : {why}</translation>
    </message>
    <message>
        <source>could not write {path}: {why}</source>
        <translation>impossible d’écrire {path} : {why}</translation>
    </message>
    <message>
        <source>cover the lens or switch the lamp off, then take it again</source>
        <translation>couvrez l’objectif ou éteignez la lampe, puis refaites l’image</translation>
    </message>
    <message>
        <source>covered by blood, mucus or an instrument</source>
        <translation>masqué par du sang, du mucus ou un instrument</translation>
    </message>
    <message>
        <source>cryotherapy</source>
        <translation>cryothérapie</translation>
    </message>
    <message>
        <source>cuffed crypt openings</source>
        <translation>orifices glandulaires cernés</translation>
    </message>
    <message>
        <source>curette</source>
        <translation>curette</translation>
    </message>
    <message>
        <source>current</source>
        <comment>Smoking</comment>
        <translation>actuel</translation>
    </message>
    <message>
        <source>cut short</source>
        <translation>arrêt prématuré</translation>
    </message>
    <message>
        <source>cut short after {read:.3g} s of {declared:.3g} s</source>
        <translation>tronqué après {read:.3g} s sur {declared:.3g} s</translation>
    </message>
    <message>
        <source>cyst</source>
        <translation>kyste</translation>
    </message>
    <message>
        <source>dark frame</source>
        <translation>image noire</translation>
    </message>
    <message>
        <source>darken the room, look at lamp and filter, then take again</source>
        <translation>assombrissez la pièce, vérifiez la lampe et le filtre, puis refaites la prise</translation>
    </message>
    <message>
        <source>database: line {number} of {table} refers to a line of {other} that is not there</source>
        <translation>base de données : la ligne {number} de {table} renvoie à une ligne de {other} qui n’existe pas</translation>
    </message>
    <message>
        <source>database: {problem}</source>
        <translation>base de données : {problem}</translation>
    </message>
    <message>
        <source>day of the visit</source>
        <translation>jour de la consultation</translation>
    </message>
    <message>
        <source>decide between reads</source>
        <translation>arbitrer entre les lectures</translation>
    </message>
    <message>
        <source>decided</source>
        <comment>by who decides between readers</comment>
        <translation>arbitré</translation>
    </message>
    <message>
        <source>deciduosis in pregnancy</source>
        <translation>déciduose de la grossesse</translation>
    </message>
    <message>
        <source>decisions between readers are written</source>
        <translation>les arbitrages entre lecteurs sont enregistrés</translation>
    </message>
    <message>
        <source>delete that file yourself: whoever opens it can look at it</source>
        <translation>supprimez vous-même ce fichier : quiconque l’ouvre peut le voir</translation>
    </message>
    <message>
        <source>delete that folder yourself: its files can be read by whoever opens it</source>
        <translation>supprimez vous-même ce dossier : ses fichiers peuvent être lus par quiconque l’ouvre</translation>
    </message>
    <message>
        <source>demo library</source>
        <translation>bibliothèque de démonstration</translation>
    </message>
    <message>
        <source>demonstration model, trained on phantoms</source>
        <translation>modèle de démonstration, entraîné sur des fantômes</translation>
    </message>
    <message>
        <source>dense acetowhite epithelium</source>
        <translation>épithélium acétoblanc dense</translation>
    </message>
    <message>
        <source>departs from the AI, no reason given</source>
        <translation>s’écarte de l’IA, sans motif indiqué</translation>
    </message>
    <message>
        <source>depends on the other items</source>
        <translation>dépend des autres éléments</translation>
    </message>
    <message>
        <source>device</source>
        <translation>appareil</translation>
    </message>
    <message>
        <source>differs from the AI</source>
        <translation>diffère de l’IA</translation>
    </message>
    <message>
        <source>differs from the AI, no reason given</source>
        <translation>diffère de l’IA, sans motif indiqué</translation>
    </message>
    <message>
        <source>discussed</source>
        <comment>MDT meeting</comment>
        <translation>discuté</translation>
    </message>
    <message>
        <source>discussed</source>
        <translation>discuté</translation>
    </message>
    <message>
        <source>divide it into several zips</source>
        <translation>divisez ce fichier en plusieurs zips</translation>
    </message>
    <message>
        <source>do not install it; get the file anew from where the program came from</source>
        <translation>ne l’installez pas ; reprenez le fichier là d’où vient le programme</translation>
    </message>
    <message>
        <source>does not say what {key_file} says</source>
        <translation>ne dit pas la même chose que {key_file}</translation>
    </message>
    <message>
        <source>done</source>
        <translation>faite</translation>
    </message>
    <message>
        <source>down</source>
        <translation>descendre</translation>
    </message>
    <message>
        <source>down</source>
        <comment>where to swing</comment>
        <translation>vers le bas</translation>
    </message>
    <message>
        <source>drag along what you draw, or click its corners</source>
        <translation>tracez en faisant glisser, ou cliquez sur les sommets</translation>
    </message>
    <message>
        <source>draw along the junction, or click points along it and press Enter</source>
        <translation>tracez le long de la jonction, ou cliquez des points le long de celle-ci et appuyez sur Entrée</translation>
    </message>
    <message>
        <source>draw around the lesion, or click at least three corners</source>
        <translation>tracez autour de la lésion, ou cliquez sur au moins trois sommets</translation>
    </message>
    <message>
        <source>draw around the whole cervix in one stroke, within the picture</source>
        <translation>tracez autour du col entier d’un seul trait, dans l’image</translation>
    </message>
    <message>
        <source>draw class maps instead</source>
        <translation>dessinez plutôt des cartes de classes</translation>
    </message>
    <message>
        <source>draw it again: left, top, right, bottom in pixels</source>
        <translation>retracez ce cadre : gauche, haut, droite, bas en pixels</translation>
    </message>
    <message>
        <source>draw it at the size of that picture</source>
        <translation>tracez ce contour à la taille de cette image</translation>
    </message>
    <message>
        <source>draw on the picture</source>
        <translation>tracez sur l’image</translation>
    </message>
    <message>
        <source>draw the cervix (C)</source>
        <translation>tracez le col (C)</translation>
    </message>
    <message>
        <source>draw the cervix (C; Shift+C: as found)</source>
        <translation>tracez le col (C ; Shift+C : tel que détecté)</translation>
    </message>
    <message>
        <source>draw the lesion in white on black; it looks inverted, or like the picture itself</source>
        <translation>tracez la lésion en blanc sur noir ; le tracé semble inversé, ou semblable à l’image elle-même</translation>
    </message>
    <message>
        <source>drawn on both pictures, measured on the white-light one</source>
        <translation>tracée sur les deux images, mesurée sur celle en lumière blanche</translation>
    </message>
    <message>
        <source>drawn: {drawings}</source>
        <translation>tracé : {drawings}</translation>
    </message>
    <message>
        <source>dropout = {share} does not fit a network</source>
        <translation>dropout = {share} ne convient pas à un réseau</translation>
    </message>
    <message>
        <source>each backup holds it as {files}, and pfm library repair LIBRARY --from BACKUP puts it back</source>
        <translation>chaque sauvegarde le contient sous {files}, et pfm library repair LIBRARY --from BACKUP le remet en place</translation>
    </message>
    <message>
        <source>each picture here has a number of its own: they may be a count</source>
        <translation>chaque image a ici son propre numéro : il peut s’agir d’un simple comptage</translation>
    </message>
    <message>
        <source>each says why.</source>
        <translation>chacun dit pourquoi.</translation>
    </message>
    <message>
        <source>earlier epochs are kept</source>
        <translation>les époques précédentes sont conservées</translation>
    </message>
    <message>
        <source>either {key_file} is not the one of this library, or library.sqlite is damaged: put both back from the same backup (pfm library restore), or choose another library</source>
        <translation>soit {key_file} n’est pas celui de cette bibliothèque, soit library.sqlite est endommagé : restaurez les deux depuis la même sauvegarde (pfm library restore), ou choisissez une autre bibliothèque</translation>
    </message>
    <message>
        <source>empty</source>
        <comment>cell of a table</comment>
        <translation>vide</translation>
    </message>
    <message>
        <source>encrypted: unpack the zip with its password first</source>
        <translation>chiffré : décompressez d’abord le zip avec son mot de passe</translation>
    </message>
    <message>
        <source>end the recording first</source>
        <translation>terminez d’abord l’enregistrement</translation>
    </message>
    <message>
        <source>ended without a model</source>
        <translation>terminé sans modèle</translation>
    </message>
    <message>
        <source>endocervical sampling</source>
        <translation>prélèvement endocervical</translation>
    </message>
    <message>
        <source>endometriosis</source>
        <translation>endométriose</translation>
    </message>
    <message>
        <source>enter the clinic's number</source>
        <translation>saisissez le numéro donné par le centre</translation>
    </message>
    <message>
        <source>enter the clinic's number, or a name</source>
        <translation>saisissez le numéro donné par le centre, ou un nom</translation>
    </message>
    <message>
        <source>epoch</source>
        <translation>époque</translation>
    </message>
    <message>
        <source>epoch {best:,} was taken</source>
        <translation>époque {best:,} retenue</translation>
    </message>
    <message>
        <source>epoch {epoch}</source>
        <translation>époque {epoch}</translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, loss {loss:.3f}, {speed:.0f} pairs/s</source>
        <translation>époque {epoch} sur {epochs}, perte {loss:.3f}, {speed:.0f} paires/s</translation>
    </message>
    <message>
        <source>epoch {epoch} of {epochs}, validation loss {loss:.3f}</source>
        <translation>époque {epoch} sur {epochs}, perte de validation {loss:.3f}</translation>
    </message>
    <message>
        <source>erosion</source>
        <translation>érosion</translation>
    </message>
    <message>
        <source>erosion (traumatic)</source>
        <translation>érosion (traumatique)</translation>
    </message>
    <message>
        <source>error not known</source>
        <translation>erreur inconnue</translation>
    </message>
    <message>
        <source>error not known: 1 point only shifts the picture, so look whether the tissue fits or add points</source>
        <translation>erreur inconnue : 1 point ne fait que décaler l’image ; regardez si le tissu coïncide ou ajoutez des points</translation>
    </message>
    <message>
        <source>error not known: 2 points only shift, turn and scale, so look whether the tissue fits or add points</source>
        <translation>erreur inconnue : 2 points ne font que décaler, tourner et mettre à l’échelle ; regardez si le tissu coïncide ou ajoutez des points</translation>
    </message>
    <message>
        <source>error not known: 3 points always fit, so look whether the tissue fits or add points</source>
        <translation>erreur inconnue : 3 points coïncident toujours ; regardez si le tissu coïncide ou ajoutez des points</translation>
    </message>
    <message>
        <source>evaluate it with --sources {source}</source>
        <translation>évaluez ce modèle avec --sources {source}</translation>
    </message>
    <message>
        <source>examination</source>
        <comment>kind of record</comment>
        <translation>examen</translation>
    </message>
    <message>
        <source>examiner</source>
        <translation>examinateur</translation>
    </message>
    <message>
        <source>excision</source>
        <translation>exérèse</translation>
    </message>
    <message>
        <source>excitation light may still be on: {problem}. It goes out by itself within {time:.0f} seconds, and no white-light picture is taken until then</source>
        <translation>la lumière d’excitation est peut-être encore allumée : {problem}. Elle s’éteint d’elle-même en {time:.0f} secondes au plus, et aucune image en lumière blanche n’est prise d’ici là</translation>
    </message>
    <message>
        <source>exophytic lesion</source>
        <translation>lésion exophytique</translation>
    </message>
    <message>
        <source>export it again</source>
        <translation>exportez de nouveau cette image</translation>
    </message>
    <message>
        <source>export it again as CSV (UTF-8)</source>
        <translation>exportez de nouveau ce fichier en CSV (UTF-8)</translation>
    </message>
    <message>
        <source>export it as an 8-bit RGB picture</source>
        <translation>exportez cette image en RVB 8 bits</translation>
    </message>
    <message>
        <source>export it where the library is open for writing</source>
        <translation>exportez la piste d’audit là où la bibliothèque est ouverte en écriture</translation>
    </message>
    <message>
        <source>export it with FFV1, as an MKV file</source>
        <translation>exportez cette séquence avec FFV1, en fichier MKV</translation>
    </message>
    <message>
        <source>export the pictures and the structured answer instead</source>
        <translation>exportez plutôt les images et la réponse structurée</translation>
    </message>
    <message>
        <source>exposure</source>
        <translation>exposition</translation>
    </message>
    <message>
        <source>faded to half at {seconds:.0f} s</source>
        <translation>réduit de moitié à {seconds:.0f} s</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>en échec</translation>
    </message>
    <message>
        <source>failed</source>
        <comment>state of a run</comment>
        <translation>en échec</translation>
    </message>
    <message>
        <source>far away</source>
        <translation>trop loin</translation>
    </message>
    <message>
        <source>farther from it</source>
        <translation>plus éloigné</translation>
    </message>
    <message>
        <source>fetch the model again</source>
        <translation>récupérez de nouveau le modèle</translation>
    </message>
    <message>
        <source>fetch the model again or choose another one</source>
        <translation>récupérez de nouveau le modèle ou choisissez-en un autre</translation>
    </message>
    <message>
        <source>fewer readers than asked for</source>
        <translation>moins de lecteurs que demandé</translation>
    </message>
    <message>
        <source>fewer readers than asked for, after AI</source>
        <translation>moins de lecteurs que demandé, après l’IA</translation>
    </message>
    <message>
        <source>file names are relative to the manifest's folder</source>
        <translation>les noms de fichiers sont relatifs au dossier du manifeste</translation>
    </message>
    <message>
        <source>file names are relative to the manifest's folder, those in a zip follow its name (a.zip/1.jpg)</source>
        <translation>les noms de fichiers sont relatifs au dossier du manifeste ; ceux d’un zip suivent son nom (a.zip/1.jpg)</translation>
    </message>
    <message>
        <source>files of the installation are missing or were changed: {files}</source>
        <translation>des fichiers de l’installation manquent ou ont été modifiés : {files}</translation>
    </message>
    <message>
        <source>fill in both</source>
        <translation>remplissez les deux</translation>
    </message>
    <message>
        <source>find cases of these sources, or learn a model that reads those of the cases</source>
        <translation>cherchez des cas de ces sources, ou entraînez un modèle qui lit celles des cas</translation>
    </message>
    <message>
        <source>findings</source>
        <comment>kind of record</comment>
        <translation>constatations</translation>
    </message>
    <message>
        <source>fine lines: {threshold:.2f} and above</source>
        <translation>lignes fines : {threshold:.2f} et plus</translation>
    </message>
    <message>
        <source>fine mosaic</source>
        <translation>mosaïque fine</translation>
    </message>
    <message>
        <source>fine punctation</source>
        <translation>ponctuation fine</translation>
    </message>
    <message>
        <source>first of {pictures} pictures in the file</source>
        <translation>première des {pictures} images du fichier</translation>
    </message>
    <message>
        <source>fluorescence</source>
        <comment>pictures of a visit</comment>
        <translation>fluo.</translation>
    </message>
    <message>
        <source>fluorescence</source>
        <translation>fluorescence</translation>
    </message>
    <message>
        <source>fluorescence after acid</source>
        <translation>fluorescence après l’acide</translation>
    </message>
    <message>
        <source>fluorescence before acid</source>
        <translation>fluorescence avant l’acide</translation>
    </message>
    <message>
        <source>fluorescence picture</source>
        <translation>image en fluorescence</translation>
    </message>
    <message>
        <source>fluorescence {stage}</source>
        <translation>fluorescence {stage}</translation>
    </message>
    <message>
        <source>fluorescence {when}</source>
        <translation>fluorescence {when}</translation>
    </message>
    <message>
        <source>focus</source>
        <translation>mise au point</translation>
    </message>
    <message>
        <source>folded</source>
        <translation>replié</translation>
    </message>
    <message>
        <source>folds the picture flat</source>
        <translation>aplatit l’image</translation>
    </message>
    <message>
        <source>follow up</source>
        <comment>kind of record</comment>
        <translation>suivi</translation>
    </message>
    <message>
        <source>follow-up after treatment</source>
        <translation>suivi après traitement</translation>
    </message>
    <message>
        <source>follow-up of a lesion</source>
        <translation>suivi d’une lésion</translation>
    </message>
    <message>
        <source>for looking only: structures disagree, by hand</source>
        <translation>pour l’observation seule : les structures ne concordent pas, à la main</translation>
    </message>
    <message>
        <source>former</source>
        <comment>Smoking</comment>
        <translation>ancien</translation>
    </message>
    <message>
        <source>fragile vessels</source>
        <translation>vaisseaux fragiles</translation>
    </message>
    <message>
        <source>frames a second</source>
        <translation>images par seconde</translation>
    </message>
    <message>
        <source>free</source>
        <comment>Margins</comment>
        <translation>saines</translation>
    </message>
    <message>
        <source>free some space or choose a folder that you may write to, then try again</source>
        <translation>libérez de l’espace ou choisissez un dossier dans lequel vous pouvez écrire, puis réessayez</translation>
    </message>
    <message>
        <source>free some space or choose another disk, then export it again</source>
        <translation>libérez de l’espace ou choisissez un autre disque, puis exportez de nouveau</translation>
    </message>
    <message>
        <source>free some space, then open it again</source>
        <translation>libérez de l’espace, puis rouvrez-la</translation>
    </message>
    <message>
        <source>free some space, then open the library again</source>
        <translation>libérez de l’espace, puis rouvrez la bibliothèque</translation>
    </message>
    <message>
        <source>free some space, then try again</source>
        <translation>libérez de l’espace, puis réessayez</translation>
    </message>
    <message>
        <source>from the beginning or before</source>
        <translation>dès le début ou avant</translation>
    </message>
    <message>
        <source>from {at}</source>
        <translation>à partir de {at}</translation>
    </message>
    <message>
        <source>from {threshold:.2f}</source>
        <translation>à partir de {threshold:.2f}</translation>
    </message>
    <message>
        <source>fully</source>
        <translation>entièrement</translation>
    </message>
    <message>
        <source>gain</source>
        <translation>gain</translation>
    </message>
    <message>
        <source>gamma {gamma:.1f}</source>
        <translation>gamma {gamma:.1f}</translation>
    </message>
    <message>
        <source>give 0 or more</source>
        <translation>indiquez 0 ou plus</translation>
    </message>
    <message>
        <source>give 0 to 1800, or nothing</source>
        <translation>indiquez de 0 à 1800, ou rien</translation>
    </message>
    <message>
        <source>give H x W x 3 uint8 RGB</source>
        <translation>fournissez H x W x 3 uint8 RGB</translation>
    </message>
    <message>
        <source>give a batch of one</source>
        <translation>fournissez un lot d’un seul cas</translation>
    </message>
    <message>
        <source>give a picture</source>
        <translation>fournissez une image</translation>
    </message>
    <message>
        <source>give both or neither</source>
        <translation>indiquez les deux ou aucun</translation>
    </message>
    <message>
        <source>give each output a file of its own</source>
        <translation>donnez à chaque sortie son propre fichier</translation>
    </message>
    <message>
        <source>give it another name</source>
        <translation>choisissez un autre nom pour ce pot</translation>
    </message>
    <message>
        <source>give one of them beside white light</source>
        <translation>fournissez une seule d’entre elles avec la lumière blanche</translation>
    </message>
    <message>
        <source>give one such as rtsp://192.168.0.20/stream or http://192.168.0.20/video.mjpg</source>
        <translation>indiquez une adresse telle que rtsp://192.168.0.20/stream ou http://192.168.0.20/video.mjpg</translation>
    </message>
    <message>
        <source>give seconds since acid</source>
        <translation>indiquez les secondes depuis l’acide</translation>
    </message>
    <message>
        <source>give the length in millimetres, as 10</source>
        <translation>indiquez la longueur en millimètres, p. ex. 10</translation>
    </message>
    <message>
        <source>give the pictures that it was trained on</source>
        <translation>fournissez les images sur lesquelles il a été entraîné</translation>
    </message>
    <message>
        <source>give the report another name, or move the file away</source>
        <translation>donnez un autre nom au compte rendu, ou déplacez le fichier</translation>
    </message>
    <message>
        <source>give the white-light picture as well, or give it as white light</source>
        <translation>fournissez aussi l’image en lumière blanche, ou donnez cette image comme lumière blanche</translation>
    </message>
    <message>
        <source>give two numbers with a decimal point, such as 12.5,30</source>
        <translation>indiquez deux nombres avec un point décimal, p. ex. 12.5,30</translation>
    </message>
    <message>
        <source>give your own read; where readers differ somebody decides between them</source>
        <translation>donnez votre propre lecture ; là où les lecteurs divergent, quelqu’un arbitre</translation>
    </message>
    <message>
        <source>given name</source>
        <translation>prénom</translation>
    </message>
    <message>
        <source>glare</source>
        <translation>reflets</translation>
    </message>
    <message>
        <source>go back to Today and open it again</source>
        <translation>revenez à Aujourd’hui et recommencez l’ouverture</translation>
    </message>
    <message>
        <source>go back to Today and open the visit again</source>
        <translation>revenez à Aujourd’hui et rouvrez la consultation</translation>
    </message>
    <message>
        <source>goes out</source>
        <translation>exportée</translation>
    </message>
    <message>
        <source>good</source>
        <comment>quality</comment>
        <translation>bonne</translation>
    </message>
    <message>
        <source>grade</source>
        <translation>grade</translation>
    </message>
    <message>
        <source>grade pairs of more women</source>
        <translation>attribuez un grade aux paires d’un plus grand nombre de patientes</translation>
    </message>
    <message>
        <source>grade the pairs of more women, or enter their histology</source>
        <translation>attribuez un grade aux paires d’un plus grand nombre de patientes, ou saisissez leur histologie</translation>
    </message>
    <message>
        <source>grades are {grades}</source>
        <translation>les grades sont {grades}</translation>
    </message>
    <message>
        <source>green</source>
        <comment>step of an examination</comment>
        <translation>filtre vert</translation>
    </message>
    <message>
        <source>green</source>
        <comment>light</comment>
        <translation>vert</translation>
    </message>
    <message>
        <source>green filter</source>
        <translation>filtre vert</translation>
    </message>
    <message>
        <source>green-filter picture</source>
        <translation>image au filtre vert</translation>
    </message>
    <message>
        <source>grey</source>
        <comment>light</comment>
        <translation>gris</translation>
    </message>
    <message>
        <source>greyscale: one channel copied to three</source>
        <translation>niveaux de gris : un canal copié vers trois</translation>
    </message>
    <message>
        <source>half of it at {at}</source>
        <translation>moitié à {at}</translation>
    </message>
    <message>
        <source>has bars of a flickering lamp</source>
        <translation>présente les bandes d’une lampe qui scintille</translation>
    </message>
    <message>
        <source>has been done</source>
        <translation>déjà réalisée</translation>
    </message>
    <message>
        <source>has colours that are not read ({colours})</source>
        <translation>a des couleurs qui ne sont pas lues ({colours})</translation>
    </message>
    <message>
        <source>has even areas as on a screen</source>
        <translation>présente des zones uniformes comme sur un écran</translation>
    </message>
    <message>
        <source>has no password yet</source>
        <translation>n’a pas encore de mot de passe</translation>
    </message>
    <message>
        <source>has too much glare</source>
        <translation>présente trop de reflets</translation>
    </message>
    <message>
        <source>has {stored} of {allocated} bits in a form that is not read</source>
        <translation>a {stored} bits sur {allocated} sous une forme qui n’est pas lue</translation>
    </message>
    <message>
        <source>have a model answer that has not (Models), or add women</source>
        <translation>faites répondre un modèle qui n’a pas appris d’elles (Modèles), ou ajoutez des patientes</translation>
    </message>
    <message>
        <source>have a model answer that reads the same (Models), then compare again</source>
        <translation>faites répondre un modèle qui lit la même chose (Modèles), puis relancez la comparaison</translation>
    </message>
    <message>
        <source>have it sent or exported as uncompressed DICOM, or as PNG or JPEG</source>
        <translation>faites envoyer ou exporter ce fichier en DICOM non compressé, ou en PNG ou JPEG</translation>
    </message>
    <message>
        <source>have the pair answered again</source>
        <translation>demandez une nouvelle réponse pour la paire</translation>
    </message>
    <message>
        <source>heatmap</source>
        <translation>carte de chaleur</translation>
    </message>
    <message>
        <source>heparin</source>
        <translation>héparine</translation>
    </message>
    <message>
        <source>her allergies are on record</source>
        <translation>ses allergies sont consignées</translation>
    </message>
    <message>
        <source>her identifier</source>
        <translation>son identifiant</translation>
    </message>
    <message>
        <source>her visit is signed: nothing is added to it</source>
        <translation>sa consultation est signée : rien n’y est ajouté</translation>
    </message>
    <message>
        <source>her visit of {day}</source>
        <translation>sa consultation du {day}</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>masqué</translation>
    </message>
    <message>
        <source>high</source>
        <comment>grade</comment>
        <translation>haut grade</translation>
    </message>
    <message>
        <source>high (HSIL, CIN2-3)</source>
        <translation>haut grade (HSIL, CIN2-3)</translation>
    </message>
    <message>
        <source>high risk</source>
        <translation>haut risque</translation>
    </message>
    <message>
        <source>histology</source>
        <comment>kind of record</comment>
        <translation>histologie</translation>
    </message>
    <message>
        <source>histology</source>
        <translation>histologie</translation>
    </message>
    <message>
        <source>histology {diagnosis}</source>
        <translation>histologie : {diagnosis}</translation>
    </message>
    <message>
        <source>holds black and white only (single bit), not a photograph</source>
        <translation>contient uniquement du noir et blanc (un seul bit), pas une photographie</translation>
    </message>
    <message>
        <source>holds subsampled colours without a packing, which are not read</source>
        <translation>contient des couleurs sous-échantillonnées sans assemblage, qui ne sont pas lues</translation>
    </message>
    <message>
        <source>hormonal</source>
        <comment>Contraception</comment>
        <translation>hormonale</translation>
    </message>
    <message>
        <source>hour not known: the os is not marked</source>
        <translation>position horaire inconnue : l’orifice externe n’est pas marqué</translation>
    </message>
    <message>
        <source>how it was taken is on record</source>
        <translation>la façon dont elle a été prise est consignée</translation>
    </message>
    <message>
        <source>how specimens were taken, and those without a pin</source>
        <translation>le mode de prélèvement, et les prélèvements sans repère</translation>
    </message>
    <message>
        <source>identical</source>
        <translation>identiques</translation>
    </message>
    <message>
        <source>identifier</source>
        <translation>identifiant</translation>
    </message>
    <message>
        <source>identity corrected since</source>
        <translation>identité corrigée depuis</translation>
    </message>
    <message>
        <source>if it was encrypted, put {key_file} back: {how}. Else {remedy}</source>
        <translation>si elle était chiffrée, remettez {key_file} en place : {how}. Sinon, {remedy}</translation>
    </message>
    <message>
        <source>if its folder was moved or renamed, open it where it is now; else check that its disk or network share is connected and may be written</source>
        <translation>si son dossier a été déplacé ou renommé, ouvrez-la là où elle est maintenant ; sinon, vérifiez que son disque ou partage réseau est connecté et accessible en écriture</translation>
    </message>
    <message>
        <source>if the library is there, copy its {keys} to {file} and try again; else look for another copy of this folder</source>
        <translation>si la bibliothèque est là, copiez son {keys} vers {file} et réessayez ; sinon, cherchez une autre copie de ce dossier</translation>
    </message>
    <message>
        <source>if the os is where the program found it ({key} on the stage marks it there)</source>
        <translation>si l’orifice externe est là où le programme l’a trouvé ({key} dans la zone d’image l’y marque)</translation>
    </message>
    <message>
        <source>import it with --variant {variant}</source>
        <translation>importez ce fichier avec --variant {variant}</translation>
    </message>
    <message>
        <source>impression</source>
        <translation>impression</translation>
    </message>
    <message>
        <source>in a worker process</source>
        <translation>dans un processus de travail</translation>
    </message>
    <message>
        <source>in quarantine</source>
        <translation>en quarantaine</translation>
    </message>
    <message>
        <source>in quarantine: not better</source>
        <translation>en quarantaine : pas meilleur</translation>
    </message>
    <message>
        <source>in the library as {name}</source>
        <translation>dans la bibliothèque sous le nom {name}</translation>
    </message>
    <message>
        <source>in the library, without a name</source>
        <translation>dans la bibliothèque, sans nom</translation>
    </message>
    <message>
        <source>in the middle</source>
        <translation>au milieu</translation>
    </message>
    <message>
        <source>in the way</source>
        <translation>obstacle</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>en service</translation>
    </message>
    <message>
        <source>in use by {holder}</source>
        <translation>utilisée par {holder}</translation>
    </message>
    <message>
        <source>in use, cannot answer</source>
        <translation>en service, ne peut pas répondre</translation>
    </message>
    <message>
        <source>in {seconds} s</source>
        <translation>dans {seconds} s</translation>
    </message>
    <message>
        <source>in {seconds} s, hold still</source>
        <translation>dans {seconds} s, ne bougez plus</translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Examination</comment>
        <translation>non satisfaisant</translation>
    </message>
    <message>
        <source>inadequate</source>
        <comment>Vagina</comment>
        <translation>non satisfaisant</translation>
    </message>
    <message>
        <source>inadequate, no diagnosis</source>
        <translation>non satisfaisant, pas de diagnostic</translation>
    </message>
    <message>
        <source>indeterminate</source>
        <translation>indéterminé</translation>
    </message>
    <message>
        <source>indeterminate (likeliest {grade} {share:.2f})</source>
        <translation>indéterminé (le plus probable : {grade} {share:.2f})</translation>
    </message>
    <message>
        <source>inflammation</source>
        <translation>inflammation</translation>
    </message>
    <message>
        <source>inner border sign</source>
        <translation>signe de la bordure interne</translation>
    </message>
    <message>
        <source>input size {size} does not fit</source>
        <translation>la taille d’entrée {size} ne convient pas</translation>
    </message>
    <message>
        <source>inside and outside</source>
        <comment>of the TZ</comment>
        <translation>dans et hors de la ZT</translation>
    </message>
    <message>
        <source>inside the TZ</source>
        <translation>dans la ZT</translation>
    </message>
    <message>
        <source>install it: pip install "pfm-desktop[genicam]"</source>
        <translation>installez ce composant : pip install "pfm-desktop[genicam]"</translation>
    </message>
    <message>
        <source>install the new version by its installer, once its SHA-256 was compared</source>
        <translation>installez la nouvelle version par son installateur, une fois son SHA-256 comparé</translation>
    </message>
    <message>
        <source>install the program again</source>
        <translation>réinstallez le programme</translation>
    </message>
    <message>
        <source>install the software of the camera's maker; {paths} names the folder of its .cti file</source>
        <translation>installez le logiciel du fabricant de la caméra ; {paths} indique le dossier de son fichier .cti</translation>
    </message>
    <message>
        <source>install what holds it (Debian and Ubuntu: sudo apt-get install {packages})</source>
        <translation>installez ce qui le contient (Debian et Ubuntu : sudo apt-get install {packages})</translation>
    </message>
    <message>
        <source>intermediate</source>
        <comment>Swede score</comment>
        <translation>intermédiaire</translation>
    </message>
    <message>
        <source>intrauterine device</source>
        <translation>dispositif intra-utérin</translation>
    </message>
    <message>
        <source>invalid</source>
        <comment>HPV, high risk</comment>
        <translation>invalide</translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Excision margins</comment>
        <translation>atteintes</translation>
    </message>
    <message>
        <source>involved</source>
        <comment>Margins</comment>
        <translation>atteintes</translation>
    </message>
    <message>
        <source>iodine</source>
        <translation>iode</translation>
    </message>
    <message>
        <source>irregular surface</source>
        <translation>surface irrégulière</translation>
    </message>
    <message>
        <source>irregular, geographic border</source>
        <translation>bord irrégulier, géographique</translation>
    </message>
    <message>
        <source>is a JPEG 2000 of more than {megapixels} megapixels</source>
        <translation>est un JPEG 2000 de plus de {megapixels} mégapixels</translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or colours that are not read</source>
        <translation>est un JPEG 2000 avec des bits ou des couleurs qui ne sont pas lus</translation>
    </message>
    <message>
        <source>is a JPEG 2000 with bits or subsampled colours that are not read</source>
        <translation>est un JPEG 2000 avec des bits ou des couleurs sous-échantillonnées qui ne sont pas lus</translation>
    </message>
    <message>
        <source>is a JPEG-LS with bits or colours that are not read</source>
        <translation>est un JPEG-LS avec des bits ou des couleurs qui ne sont pas lus</translation>
    </message>
    <message>
        <source>is a deflated DICOM file, which is never unpacked: what comes out has no bounds</source>
        <translation>est un fichier DICOM compressé en « deflate », qui n’est jamais décompressé : la taille de ce qui en sort n’a pas de limite</translation>
    </message>
    <message>
        <source>is a video, which is not read from DICOM</source>
        <translation>est une vidéo, qui n’est pas lue depuis DICOM</translation>
    </message>
    <message>
        <source>is black and white</source>
        <translation>est en noir et blanc</translation>
    </message>
    <message>
        <source>is damaged</source>
        <comment>a file</comment>
        <translation>est endommagé</translation>
    </message>
    <message>
        <source>is damaged or cut short</source>
        <comment>a file</comment>
        <translation>est endommagé ou tronqué</translation>
    </message>
    <message>
        <source>is empty</source>
        <comment>a file</comment>
        <translation>est vide</translation>
    </message>
    <message>
        <source>is far too long for a picture</source>
        <translation>est beaucoup trop allongée pour une image</translation>
    </message>
    <message>
        <source>is missing</source>
        <comment>a file</comment>
        <translation>est manquant</translation>
    </message>
    <message>
        <source>is no DICOM file</source>
        <translation>n’est pas un fichier DICOM</translation>
    </message>
    <message>
        <source>is no map of pixels</source>
        <translation>n’est pas une transformation de pixels</translation>
    </message>
    <message>
        <source>is no photograph but {what}</source>
        <translation>n’est pas une photographie mais {what}</translation>
    </message>
    <message>
        <source>is obstructed</source>
        <translation>est obstruée</translation>
    </message>
    <message>
        <source>is out of focus</source>
        <translation>est floue</translation>
    </message>
    <message>
        <source>is overexposed</source>
        <translation>est surexposée</translation>
    </message>
    <message>
        <source>is packed as a kind of JPEG that is not read</source>
        <translation>est compressé avec un type de JPEG qui n’est pas lu</translation>
    </message>
    <message>
        <source>is packed in a way that is not read ({syntax})</source>
        <translation>est compressé d’une manière qui n’est pas lue ({syntax})</translation>
    </message>
    <message>
        <source>is projective, not affine</source>
        <translation>est projectif, pas affine</translation>
    </message>
    <message>
        <source>is that of another library</source>
        <comment>a file</comment>
        <translation>est celui d’une autre bibliothèque</translation>
    </message>
    <message>
        <source>is the directory of a disc (DICOMDIR), not a picture</source>
        <translation>est le répertoire d’un disque (DICOMDIR), pas une image</translation>
    </message>
    <message>
        <source>is too dark</source>
        <translation>est trop sombre</translation>
    </message>
    <message>
        <source>is too noisy</source>
        <translation>présente trop de bruit</translation>
    </message>
    <message>
        <source>is too small</source>
        <translation>est trop petite</translation>
    </message>
    <message>
        <source>is unusable</source>
        <translation>est inutilisable</translation>
    </message>
    <message>
        <source>is unusable ({problem})</source>
        <translation>est inutilisable ({problem})</translation>
    </message>
    <message>
        <source>issuer {issuer}</source>
        <translation>émetteur {issuer}</translation>
    </message>
    <message>
        <source>it can be changed as it is</source>
        <translation>elle peut être modifiée telle quelle</translation>
    </message>
    <message>
        <source>it cannot be decoded</source>
        <translation>elle ne peut pas être décodée</translation>
    </message>
    <message>
        <source>it cannot be looked at: {problem}</source>
        <translation>il ne peut pas être examiné : {problem}</translation>
    </message>
    <message>
        <source>it cannot be opened</source>
        <translation>il ne peut pas être ouvert</translation>
    </message>
    <message>
        <source>it cannot be put on record that you see it</source>
        <translation>impossible de consigner que vous la voyez</translation>
    </message>
    <message>
        <source>it did not come to an end</source>
        <translation>cela ne s’est pas terminé</translation>
    </message>
    <message>
        <source>it does not hold exactly a model, its card and a signature</source>
        <translation>il ne contient pas exactement un modèle, sa fiche et une signature</translation>
    </message>
    <message>
        <source>it does not say how many frames a second has</source>
        <translation>il n’indique pas le nombre d’images par seconde</translation>
    </message>
    <message>
        <source>it ends in the middle of an element</source>
        <translation>il se termine au milieu d’un élément</translation>
    </message>
    <message>
        <source>it goes on as before</source>
        <translation>il continue comme avant</translation>
    </message>
    <message>
        <source>it has changed since it was looked at</source>
        <translation>le fichier a changé depuis qu’il a été examiné</translation>
    </message>
    <message>
        <source>it has no label</source>
        <translation>pas d’étiquette</translation>
    </message>
    <message>
        <source>it has no picture that can go out</source>
        <translation>elle n’a aucune image qui puisse être exportée</translation>
    </message>
    <message>
        <source>it has none</source>
        <translation>elle n’en a pas</translation>
    </message>
    <message>
        <source>it has not the frames that are on record</source>
        <translation>elle n’a pas les images qui sont consignées</translation>
    </message>
    <message>
        <source>it holds fewer pictures than before</source>
        <translation>il contient moins d’images qu’avant</translation>
    </message>
    <message>
        <source>it holds more elements than any picture</source>
        <translation>il contient plus d’éléments que n’importe quelle image</translation>
    </message>
    <message>
        <source>it holds more than an update file does</source>
        <translation>il contient plus qu’un fichier de mise à jour</translation>
    </message>
    <message>
        <source>it holds more than was signed</source>
        <translation>il contient plus que ce qui a été signé</translation>
    </message>
    <message>
        <source>it holds no pixels</source>
        <translation>il ne contient aucun pixel</translation>
    </message>
    <message>
        <source>it is being opened</source>
        <translation>elle est en cours d’ouverture</translation>
    </message>
    <message>
        <source>it is cut into more tiles than any picture</source>
        <translation>il est découpé en plus de tuiles que n’importe quelle image</translation>
    </message>
    <message>
        <source>it is cut more finely than any picture</source>
        <translation>il est découpé plus finement que n’importe quelle image</translation>
    </message>
    <message>
        <source>it is cut off, or another kind of file</source>
        <translation>il est tronqué, ou d’un autre type</translation>
    </message>
    <message>
        <source>it is damaged</source>
        <translation>il est endommagé</translation>
    </message>
    <message>
        <source>it is damaged, or no model file</source>
        <translation>il est endommagé, ou n’est pas un fichier de modèle</translation>
    </message>
    <message>
        <source>it is drawn over another picture</source>
        <translation>il est dessiné par-dessus une autre image</translation>
    </message>
    <message>
        <source>it is empty (zero bytes)</source>
        <translation>il est vide (zéro octet)</translation>
    </message>
    <message>
        <source>it is in this visit already</source>
        <translation>elle est déjà dans cette consultation</translation>
    </message>
    <message>
        <source>it is in {visit} already</source>
        <translation>elle est déjà dans {visit}</translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew</source>
        <translation>elle est déjà dans {visit}, et a été réenregistrée</translation>
    </message>
    <message>
        <source>it is in {visit} already, and was saved anew, as {stage}</source>
        <translation>elle est déjà dans {visit}, et a été réenregistrée, comme {stage}</translation>
    </message>
    <message>
        <source>it is in {visit} too, as a copy without its moment</source>
        <translation>elle est aussi dans {visit}, comme copie sans sa date et son heure</translation>
    </message>
    <message>
        <source>it is in {visit} too, as {stage}, as a copy without its moment</source>
        <translation>elle est aussi dans {visit}, comme {stage}, comme copie sans sa date et son heure</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>il est imbriqué trop profondément</translation>
    </message>
    <message>
        <source>it is no part of a clip</source>
        <translation>ce n’est pas une partie de clip</translation>
    </message>
    <message>
        <source>it is no picture</source>
        <translation>ce n’est pas une image</translation>
    </message>
    <message>
        <source>it is no template of a report</source>
        <translation>ce n’est pas un modèle de compte rendu</translation>
    </message>
    <message>
        <source>it is not a file</source>
        <translation>ce n’est pas un fichier</translation>
    </message>
    <message>
        <source>it is not on record when acetic acid was applied</source>
        <translation>l’heure d’application de l’acide acétique n’est pas consignée</translation>
    </message>
    <message>
        <source>it is not shown, and nothing was changed</source>
        <translation>elle n’est pas affichée, et rien n’a été modifié</translation>
    </message>
    <message>
        <source>it is of another version of the program</source>
        <translation>il provient d’une autre version du programme</translation>
    </message>
    <message>
        <source>it is on record for another woman ({identifier})</source>
        <translation>elle est consignée pour une autre patiente ({identifier})</translation>
    </message>
    <message>
        <source>it is still there</source>
        <translation>il est toujours là</translation>
    </message>
    <message>
        <source>it is too bright</source>
        <translation>elle est trop claire</translation>
    </message>
    <message>
        <source>it is too large</source>
        <translation>il est trop volumineux</translation>
    </message>
    <message>
        <source>it is too large ({size:.1f} GB)</source>
        <translation>il est trop volumineux ({size:.1f} Go)</translation>
    </message>
    <message>
        <source>it is unchanged</source>
        <translation>rien n’y a été modifié</translation>
    </message>
    <message>
        <source>it is unchanged, and nothing was brought in</source>
        <translation>il est inchangé, et rien n’a été importé</translation>
    </message>
    <message>
        <source>it is whole and empty</source>
        <translation>elle est intacte et vide</translation>
    </message>
    <message>
        <source>it may be a name</source>
        <translation>c’est peut-être un nom</translation>
    </message>
    <message>
        <source>it may not be read: permission denied</source>
        <translation>il ne peut pas être lu : autorisation refusée</translation>
    </message>
    <message>
        <source>it of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>le numéro de la patiente ou de la demande dépasse les {longest} caractères admis par DICOM</translation>
    </message>
    <message>
        <source>it says nothing</source>
        <translation>il ne dit rien</translation>
    </message>
    <message>
        <source>it says nothing about any of {pairs:,} pairs ({reason})</source>
        <translation>il ne dit rien d’aucune des {pairs:,} paires ({reason})</translation>
    </message>
    <message>
        <source>it says to be {width} x {height} pixels</source>
        <translation>elle indique une taille de {width} x {height} pixels</translation>
    </message>
    <message>
        <source>it stands beside a woman's number or a name</source>
        <translation>se trouve à côté d’un numéro de patiente ou d’un nom</translation>
    </message>
    <message>
        <source>it stands in the report alone</source>
        <translation>figure uniquement dans le compte rendu</translation>
    </message>
    <message>
        <source>it stays open for reading, and nothing was changed</source>
        <translation>elle reste ouverte en lecture, et rien n’a été modifié</translation>
    </message>
    <message>
        <source>it was exported from here: it is in {visit} already</source>
        <translation>exportée d’ici : elle est déjà dans {visit}</translation>
    </message>
    <message>
        <source>it was given twice</source>
        <translation>indiqué deux fois</translation>
    </message>
    <message>
        <source>it was left out, or is not among the pictures that were looked at</source>
        <translation>elle a été écartée, ou ne fait pas partie des images examinées</translation>
    </message>
    <message>
        <source>it was made by a newer version of the program</source>
        <translation>elle a été créée par une version plus récente du programme</translation>
    </message>
    <message>
        <source>it was not opened</source>
        <translation>elle n’a pas été ouverte</translation>
    </message>
    <message>
        <source>it was not opened and nothing was changed</source>
        <translation>elle n’a pas été ouverte et rien n’a été modifié</translation>
    </message>
    <message>
        <source>it was not revealed in this visit</source>
        <translation>elle n’a pas été révélée dans cette consultation</translation>
    </message>
    <message>
        <source>it was refused</source>
        <translation>il a été refusé</translation>
    </message>
    <message>
        <source>it would have to go on record that you see it, and {why}.</source>
        <translation>il faudrait consigner que vous la voyez, et {why}.</translation>
    </message>
    <message>
        <source>its DICOM file says that words are drawn into it, and nobody has covered them: draw a box over them, or a margin</source>
        <translation>son fichier DICOM indique que du texte y est incrusté, et personne ne l’a masqué : dessinez un cadre par-dessus, ou une marge</translation>
    </message>
    <message>
        <source>its EXIF data is damaged and was not used</source>
        <translation>ses données EXIF sont endommagées et n’ont pas été utilisées</translation>
    </message>
    <message>
        <source>its clock goes on</source>
        <translation>son chronomètre continue</translation>
    </message>
    <message>
        <source>its content is not what was signed</source>
        <translation>son contenu n’est pas celui qui a été signé</translation>
    </message>
    <message>
        <source>its database is older than its key file, as where a backup was brought back: ask an administrator of the library to make the account anew (Settings, People)</source>
        <translation>sa base de données est plus ancienne que son fichier de clés, comme après le retour d’une sauvegarde : demandez à un administrateur de la bibliothèque de recréer le compte (Réglages, Personnes)</translation>
    </message>
    <message>
        <source>its description is no text that can be read</source>
        <translation>sa description n’est pas un texte lisible</translation>
    </message>
    <message>
        <source>its elements are out of order, or one is there twice</source>
        <translation>ses éléments ne sont pas dans l’ordre, ou l’un d’eux figure deux fois</translation>
    </message>
    <message>
        <source>its file was missing or altered in the library, and was put back</source>
        <translation>son fichier manquait ou était altéré dans la bibliothèque, et a été remis en place</translation>
    </message>
    <message>
        <source>its first bytes are not those of a database; if it was encrypted, {key_file} is missing</source>
        <translation>ses premiers octets ne sont pas ceux d’une base de données ; si elle était chiffrée, {key_file} manque</translation>
    </message>
    <message>
        <source>its folder</source>
        <translation>son dossier</translation>
    </message>
    <message>
        <source>its folder is {folder}</source>
        <translation>son dossier est {folder}</translation>
    </message>
    <message>
        <source>its frames are out of order</source>
        <translation>ses images ne sont pas dans l’ordre</translation>
    </message>
    <message>
        <source>its frames cannot be told apart</source>
        <translation>ses images ne peuvent pas être distinguées</translation>
    </message>
    <message>
        <source>its frames would be {width:.0f} x {height:.0f} pixels</source>
        <translation>ses images feraient {width:.0f} x {height:.0f} pixels</translation>
    </message>
    <message>
        <source>its head does not say how it is written</source>
        <translation>son en-tête n’indique pas comment il est codé</translation>
    </message>
    <message>
        <source>its head is longer than the file</source>
        <translation>son en-tête est plus long que le fichier</translation>
    </message>
    <message>
        <source>its header is damaged</source>
        <translation>son en-tête est endommagé</translation>
    </message>
    <message>
        <source>its length is not what its header says</source>
        <translation>sa longueur n’est pas celle qu’indique son en-tête</translation>
    </message>
    <message>
        <source>its list of frames is damaged</source>
        <translation>sa liste d’images est endommagée</translation>
    </message>
    <message>
        <source>its lock may not be opened ({why})</source>
        <translation>son verrou ne peut pas être ouvert ({why})</translation>
    </message>
    <message>
        <source>its name is not that of a file</source>
        <translation>son nom n’est pas celui d’un fichier</translation>
    </message>
    <message>
        <source>its name leads out of the zip</source>
        <translation>son nom mène hors du zip</translation>
    </message>
    <message>
        <source>its name stands in the zip twice</source>
        <translation>son nom figure deux fois dans le zip</translation>
    </message>
    <message>
        <source>its packed pixels are cut short</source>
        <translation>ses pixels compressés sont tronqués</translation>
    </message>
    <message>
        <source>its packed pixels are missing</source>
        <translation>ses pixels compressés manquent</translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG</source>
        <translation>ses pixels compressés ne sont pas du JPEG</translation>
    </message>
    <message>
        <source>its packed pixels are no JPEG 2000</source>
        <translation>ses pixels compressés ne sont pas du JPEG 2000</translation>
    </message>
    <message>
        <source>its packed pixels are of another size or colour than its head says</source>
        <translation>ses pixels compressés sont d’une autre taille ou couleur que ce qu’indique son en-tête</translation>
    </message>
    <message>
        <source>its packed pixels come in more scans than any picture</source>
        <translation>ses pixels compressés comportent plus de passes que toute image</translation>
    </message>
    <message>
        <source>its packed pixels end too early</source>
        <translation>ses pixels compressés s’arrêtent trop tôt</translation>
    </message>
    <message>
        <source>its pictures could not be registered</source>
        <translation>ses images n’ont pas pu être recalées</translation>
    </message>
    <message>
        <source>its pixels are not as many as its head says</source>
        <translation>ses pixels ne sont pas aussi nombreux que l’indique son en-tête</translation>
    </message>
    <message>
        <source>its record and everything else is unchanged</source>
        <translation>son enregistrement et tout le reste sont inchangés</translation>
    </message>
    <message>
        <source>its sections cannot be read</source>
        <translation>ses sections ne peuvent pas être lues</translation>
    </message>
    <message>
        <source>its sequences are more than {deepest} deep</source>
        <translation>ses séquences ont plus de {deepest} niveaux</translation>
    </message>
    <message>
        <source>its signature cannot be read</source>
        <translation>sa signature ne peut pas être lue</translation>
    </message>
    <message>
        <source>its signature does not fit</source>
        <translation>sa signature ne correspond pas</translation>
    </message>
    <message>
        <source>its size is not the one that it says</source>
        <translation>sa taille n’est pas celle qui est indiquée</translation>
    </message>
    <message>
        <source>its stage is not known: {reason}</source>
        <translation>son étape n’est pas connue : {reason}</translation>
    </message>
    <message>
        <source>its stage is only a guess: {reason}</source>
        <translation>son étape n’est qu’une supposition : {reason}</translation>
    </message>
    <message>
        <source>its white-light picture is one with acetic acid</source>
        <translation>son image en lumière blanche est une image avec acide acétique</translation>
    </message>
    <message>
        <source>its woman looks like one on another side</source>
        <translation>sa patiente ressemble à une patiente d’une autre part des données</translation>
    </message>
    <message>
        <source>kappa</source>
        <translation>kappa</translation>
    </message>
    <message>
        <source>kappa not defined (all one grade), {pairs}; {shares}</source>
        <translation>kappa non défini (un seul grade), {pairs} ; {shares}</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f} ({interval})</source>
        <translation>kappa {kappa:.2f} ({interval})</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: all alike, which gives no interval</source>
        <translation>kappa {kappa:.2f}, {pairs} : toutes identiques, ce qui ne donne pas d’intervalle</translation>
    </message>
    <message>
        <source>kappa {kappa:.2f}, {pairs}: too few women for an interval; {shares}</source>
        <translation>kappa {kappa:.2f}, {pairs} : trop peu de patientes pour un intervalle ; {shares}</translation>
    </message>
    <message>
        <source>keep one of the two lines</source>
        <translation>gardez l’une des deux lignes</translation>
    </message>
    <message>
        <source>keep one of them</source>
        <translation>n’en gardez qu’une</translation>
    </message>
    <message>
        <source>keep the old one, or give the reason why the new one is to answer all the same, in a few words ({letters} letters or more)</source>
        <translation>gardez l’ancien, ou indiquez en quelques mots ({letters} lettres ou plus) pourquoi le nouveau doit quand même répondre</translation>
    </message>
    <message>
        <source>key file and copy differ: a password or the recovery key was being changed, or an older file was put back; what was before and what is new open the library, and pfm library repair keeps the newer one</source>
        <translation>le fichier de clés et sa copie diffèrent : un mot de passe ou la clé de récupération était en cours de changement, ou un ancien fichier a été remis en place ; ce qui valait avant et ce qui est nouveau ouvrent la bibliothèque, et pfm library repair garde le plus récent</translation>
    </message>
    <message>
        <source>kind</source>
        <translation>type</translation>
    </message>
    <message>
        <source>kind not told</source>
        <translation>type non précisé</translation>
    </message>
    <message>
        <source>knife</source>
        <translation>bistouri</translation>
    </message>
    <message>
        <source>known models: {models}</source>
        <translation>modèles connus : {models}</translation>
    </message>
    <message>
        <source>known models: {models}; for a folder here write ./{name}</source>
        <translation>modèles connus : {models} ; pour un dossier d’ici, écrivez ./{name}</translation>
    </message>
    <message>
        <source>label pictures</source>
        <translation>étiqueter des images</translation>
    </message>
    <message>
        <source>larger than the cervix</source>
        <translation>plus grande que le col</translation>
    </message>
    <message>
        <source>larger than the cervix as found</source>
        <translation>plus grande que le col détecté</translation>
    </message>
    <message>
        <source>laser</source>
        <comment>Taken with</comment>
        <translation>laser</translation>
    </message>
    <message>
        <source>laser ablation</source>
        <translation>ablation au laser</translation>
    </message>
    <message>
        <source>laser excision</source>
        <translation>exérèse au laser</translation>
    </message>
    <message>
        <source>late: was due {day}</source>
        <translation>en retard : échéance le {day}</translation>
    </message>
    <message>
        <source>later</source>
        <translation>plus tard</translation>
    </message>
    <message>
        <source>lateral left</source>
        <translation>latéral gauche</translation>
    </message>
    <message>
        <source>lateral right</source>
        <translation>latéral droit</translation>
    </message>
    <message>
        <source>learn from a library, or take a model that reads white light + fluorescence</source>
        <translation>entraînez à partir d’une bibliothèque, ou prenez un modèle qui lit lumière blanche + fluorescence</translation>
    </message>
    <message>
        <source>learn from pairs of these sources</source>
        <translation>entraînez à partir de paires de ces sources</translation>
    </message>
    <message>
        <source>learn it again, or ask who made it</source>
        <translation>entraînez-le de nouveau, ou demandez à la personne qui l’a créé</translation>
    </message>
    <message>
        <source>learn it again, with another name and other words for what it was trained on, also if they do not mean her</source>
        <translation>entraînez-le de nouveau, avec un autre nom et d’autres mots pour ce sur quoi il a été entraîné, même s’ils ne la désignent pas</translation>
    </message>
    <message>
        <source>learn under another name, or move that one out of {folder}</source>
        <translation>entraînez sous un autre nom, ou déplacez celui-là hors de {folder}</translation>
    </message>
    <message>
        <source>learned</source>
        <comment>state of a run</comment>
        <translation>entraîné</translation>
    </message>
    <message>
        <source>learning now</source>
        <translation>apprentissage en cours</translation>
    </message>
    <message>
        <source>learning part</source>
        <comment>kind of record</comment>
        <translation>part d’apprentissage</translation>
    </message>
    <message>
        <source>learning run</source>
        <comment>kind of record</comment>
        <translation>apprentissage</translation>
    </message>
    <message>
        <source>leave her on record, and write in her visit what is wrong with it</source>
        <translation>laissez-la consignée, et notez dans sa consultation ce qui est erroné</translation>
    </message>
    <message>
        <source>leave it as it is</source>
        <translation>laissez ce réglage tel quel</translation>
    </message>
    <message>
        <source>leave it on record, and write in the findings what is wrong with it</source>
        <translation>laissez-la consignée, et notez dans les constatations ce qui est erroné</translation>
    </message>
    <message>
        <source>leave it out or correct it</source>
        <translation>écartez-le ou corrigez-le</translation>
    </message>
    <message>
        <source>leave it out, and look at its pictures</source>
        <translation>écartez-le, et regardez ses images</translation>
    </message>
    <message>
        <source>leave it out, or give another</source>
        <translation>écartez-la, ou donnez-en une autre</translation>
    </message>
    <message>
        <source>leave it to another reader; you may decide between them</source>
        <translation>laissez-la à un autre lecteur ; vous pouvez arbitrer entre eux</translation>
    </message>
    <message>
        <source>leave it, or take the reads back in Annotate first</source>
        <translation>laissez-la, ou retirez d’abord les lectures dans Annotation</translation>
    </message>
    <message>
        <source>leave this step out, or give a reason for using iodine all the same</source>
        <translation>omettez cette étape, ou indiquez un motif pour utiliser quand même l’iode</translation>
    </message>
    <message numerus="yes">
        <source>leaving out %n picture(s)</source>
        <translation>
            <numerusform>mise à l’écart de %n image</numerusform>
            <numerusform>mise à l’écart de %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>left</source>
        <comment>side of the patient</comment>
        <translation>gauche</translation>
    </message>
    <message>
        <source>left</source>
        <comment>where to swing</comment>
        <translation>vers la gauche</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>écartée</translation>
    </message>
    <message>
        <source>left out by hand</source>
        <translation>écartée à la main</translation>
    </message>
    <message>
        <source>left to the camera</source>
        <translation>laissé à la caméra</translation>
    </message>
    <message>
        <source>lesion</source>
        <translation>lésion</translation>
    </message>
    <message>
        <source>lesion</source>
        <comment>kind of record</comment>
        <translation>lésion</translation>
    </message>
    <message>
        <source>lesion {label}</source>
        <translation>lésion {label}</translation>
    </message>
    <message>
        <source>lesion {number}</source>
        <translation>lésion {number}</translation>
    </message>
    <message>
        <source>let the name end in .png</source>
        <translation>faites finir le nom par .png</translation>
    </message>
    <message>
        <source>let the name end in {endings}</source>
        <translation>faites finir le nom par {endings}</translation>
    </message>
    <message>
        <source>leukoplakia</source>
        <translation>leucoplasie</translation>
    </message>
    <message>
        <source>leukoplakia (keratosis)</source>
        <translation>leucoplasie (kératose)</translation>
    </message>
    <message>
        <source>libraries, settings and models are untouched</source>
        <translation>les bibliothèques, les réglages et les modèles sont intacts</translation>
    </message>
    <message>
        <source>light changed while it was taken</source>
        <translation>la lumière a changé pendant la prise</translation>
    </message>
    <message>
        <source>like 14 Mar 1988</source>
        <translation>p. ex. 14 mars 1988</translation>
    </message>
    <message>
        <source>like 14 Mar 2026</source>
        <translation>p. ex. 14 mars 2026</translation>
    </message>
    <message>
        <source>like 2026-03-14 10:15, or the day alone</source>
        <translation>p. ex. 2026-03-14 10:15, ou le jour seul</translation>
    </message>
    <message>
        <source>like HPV positive</source>
        <translation>p. ex. HPV positif</translation>
    </message>
    <message>
        <source>likeliest: {grade} {share:.2f}</source>
        <translation>le plus probable : {grade} {share:.2f}</translation>
    </message>
    <message>
        <source>likely</source>
        <comment>how sure</comment>
        <translation>probable</translation>
    </message>
    <message>
        <source>limited</source>
        <comment>quality</comment>
        <translation>limitée</translation>
    </message>
    <message>
        <source>line {line}</source>
        <translation>ligne {line}</translation>
    </message>
    <message>
        <source>line {line} (patient {patient}, {picture})</source>
        <translation>ligne {line} (patiente {patient}, {picture})</translation>
    </message>
    <message>
        <source>line {line}: {file}</source>
        <translation>ligne {line} : {file}</translation>
    </message>
    <message>
        <source>line {line}: {grade}</source>
        <translation>ligne {line} : {grade}</translation>
    </message>
    <message>
        <source>line {line}: {problem}</source>
        <translation>ligne {line} : {problem}</translation>
    </message>
    <message>
        <source>line {number} of the audit trail cannot be read: it is not what was written</source>
        <translation>la ligne {number} de la piste d’audit ne peut pas être lue : ce n’est pas ce qui a été écrit</translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is not what was written, or lines before it were altered, removed or moved</source>
        <translation>la ligne {number} du fichier (numéro {in_trail} de la piste) n’est pas ce qui a été écrit, ou des lignes précédentes ont été altérées, supprimées ou déplacées</translation>
    </message>
    <message>
        <source>line {number} of the file (number {in_trail} of the trail) is out of order</source>
        <translation>la ligne {number} du fichier (numéro {in_trail} de la piste) n’est pas à sa place</translation>
    </message>
    <message>
        <source>line {number} of the file is not a line of an audit trail</source>
        <translation>la ligne {number} du fichier n’est pas une ligne de piste d’audit</translation>
    </message>
    <message>
        <source>lines {first} and {second} name the same file</source>
        <translation>les lignes {first} et {second} désignent le même fichier</translation>
    </message>
    <message>
        <source>little glare</source>
        <translation>peu de reflets</translation>
    </message>
    <message>
        <source>little overlap</source>
        <translation>faible recouvrement</translation>
    </message>
    <message>
        <source>live</source>
        <translation>en direct</translation>
    </message>
    <message>
        <source>living with HIV</source>
        <translation>vit avec le VIH</translation>
    </message>
    <message>
        <source>load the pair again</source>
        <translation>recharger la paire</translation>
    </message>
    <message>
        <source>local cases</source>
        <translation>cas locaux</translation>
    </message>
    <message>
        <source>local model, trained on {data}</source>
        <translation>modèle local, entraîné sur {data}</translation>
    </message>
    <message>
        <source>local model, trained on {data}, from {origin}</source>
        <translation>modèle local, entraîné sur {data}, origine : {origin}</translation>
    </message>
    <message>
        <source>look at `status` first, or place points by hand</source>
        <translation>regardez d’abord `status`, ou placez des points à la main</translation>
    </message>
    <message>
        <source>look at each picture, blank what names somebody, and say so (--pixels-looked-at)</source>
        <translation>regardez chaque image, masquez ce qui désigne quelqu’un, et confirmez-le (--pixels-looked-at)</translation>
    </message>
    <message>
        <source>look at each picture, blank what names the patient, and say so</source>
        <translation>regardez chaque image, masquez ce qui désigne la patiente, et confirmez-le</translation>
    </message>
    <message>
        <source>look at its cable</source>
        <translation>vérifiez son câble</translation>
    </message>
    <message>
        <source>look at its power and its cable</source>
        <translation>vérifiez son alimentation et son câble</translation>
    </message>
    <message>
        <source>look at lamp and filters, then take again</source>
        <translation>vérifiez la lampe et les filtres, puis refaites la prise</translation>
    </message>
    <message>
        <source>look at the camera, then take again</source>
        <translation>vérifiez la caméra, puis refaites la prise</translation>
    </message>
    <message>
        <source>look at the camera, then take it again</source>
        <translation>vérifiez la caméra, puis refaites-la</translation>
    </message>
    <message>
        <source>look at the camera, then try again</source>
        <translation>vérifiez la caméra, puis réessayez</translation>
    </message>
    <message>
        <source>look at the first one: {reason}</source>
        <translation>voyez la première : {reason}</translation>
    </message>
    <message>
        <source>look at the fluorescence camera, then take again</source>
        <translation>vérifiez la caméra de fluorescence, puis refaites la prise</translation>
    </message>
    <message>
        <source>look at the pictures one by one</source>
        <translation>regardez les images une par une</translation>
    </message>
    <message>
        <source>look at the present state and repeat the step</source>
        <translation>regardez l’état actuel et refaites l’opération</translation>
    </message>
    <message>
        <source>look at the white-light camera, then take again</source>
        <translation>vérifiez la caméra en lumière blanche, puis refaites la prise</translation>
    </message>
    <message>
        <source>look for {file}, from which that version was installed, and name it: pfm update back --installer FILE</source>
        <translation>cherchez {file}, à partir duquel cette version a été installée, et indiquez-le : pfm update back --installer FILE</translation>
    </message>
    <message>
        <source>look into the quarantine of the virus scanner and let it give the file back, or install the program again</source>
        <translation>regardez dans la quarantaine de l’antivirus et faites-lui rendre le fichier, ou réinstallez le programme</translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`</source>
        <translation>cherchez-la avec `pfm export visits`</translation>
    </message>
    <message>
        <source>look it up with `pfm export visits`; give at least {count} characters</source>
        <translation>cherchez-la avec `pfm export visits` ; indiquez au moins {count} caractères</translation>
    </message>
    <message>
        <source>look the path up in the manual of the camera</source>
        <translation>cherchez le chemin dans le manuel de la caméra</translation>
    </message>
    <message>
        <source>look what is wrong with it (pfm library verify), and bring back a backup</source>
        <translation>cherchez ce qui ne va pas (pfm library verify), et restaurez une sauvegarde</translation>
    </message>
    <message>
        <source>look what it is, and rename it</source>
        <translation>regardez ce que c’est et renommez-le</translation>
    </message>
    <message>
        <source>look whether the library's disk is there and has room, then try again</source>
        <translation>vérifiez que le disque de la bibliothèque est là et a de la place, puis réessayez</translation>
    </message>
    <message>
        <source>look whether the two cameras are swapped</source>
        <translation>vérifiez si les deux caméras sont interverties</translation>
    </message>
    <message>
        <source>looks like one of the other light</source>
        <translation>ressemble à une image de l’autre lumière</translation>
    </message>
    <message>
        <source>loop</source>
        <comment>Taken with</comment>
        <translation>anse</translation>
    </message>
    <message>
        <source>loss (lower is better)</source>
        <translation>perte (plus elle est basse, mieux c’est)</translation>
    </message>
    <message>
        <source>loupe</source>
        <translation>loupe</translation>
    </message>
    <message>
        <source>low</source>
        <comment>Swede score</comment>
        <translation>bas</translation>
    </message>
    <message>
        <source>low</source>
        <comment>grade</comment>
        <translation>bas grade</translation>
    </message>
    <message>
        <source>low (LSIL, CIN1)</source>
        <translation>bas grade (LSIL, CIN1)</translation>
    </message>
    <message>
        <source>low risk</source>
        <translation>risque faible</translation>
    </message>
    <message>
        <source>lower two thirds</source>
        <translation>deux tiers inférieurs</translation>
    </message>
    <message>
        <source>lugol</source>
        <comment>step of an examination</comment>
        <translation>lugol</translation>
    </message>
    <message>
        <source>macro recall</source>
        <translation>rappel macro</translation>
    </message>
    <message>
        <source>made by hand</source>
        <translation>formée à la main</translation>
    </message>
    <message>
        <source>made to hold the true grade in {hits:.0f} of 100 such cases, on {data}</source>
        <translation>conçu pour contenir le vrai grade dans {hits:.0f} cas semblables sur 100, sur {data}</translation>
    </message>
    <message>
        <source>majority</source>
        <translation>majorité</translation>
    </message>
    <message>
        <source>majority, after AI</source>
        <translation>majorité, après l’IA</translation>
    </message>
    <message>
        <source>make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation>faites une sauvegarde avant de fermer le programme, et remettez {key_file} en place à partir d’elle : {how}</translation>
    </message>
    <message>
        <source>make a new one</source>
        <translation>créez-en un nouveau</translation>
    </message>
    <message>
        <source>make a task in random order, or choose another model in Settings</source>
        <translation>créez une tâche en ordre aléatoire, ou choisissez un autre modèle dans Réglages</translation>
    </message>
    <message>
        <source>make an encrypted library for real pictures</source>
        <translation>créez une bibliothèque chiffrée pour de vraies images</translation>
    </message>
    <message>
        <source>make and change accounts</source>
        <translation>créer et modifier des comptes</translation>
    </message>
    <message>
        <source>make and close tasks for readers</source>
        <translation>créer et fermer des tâches pour les lecteurs</translation>
    </message>
    <message>
        <source>make somebody else an administrator first</source>
        <translation>nommez d’abord une autre personne administrateur</translation>
    </message>
    <message>
        <source>make the plan again</source>
        <translation>refaites le plan</translation>
    </message>
    <message>
        <source>make the report again</source>
        <translation>refaites le compte rendu</translation>
    </message>
    <message>
        <source>making of a pair</source>
        <translation>formation d’une paire</translation>
    </message>
    <message>
        <source>manifest</source>
        <translation>manifeste</translation>
    </message>
    <message>
        <source>map of whitening</source>
        <translation>carte du blanchiment</translation>
    </message>
    <message>
        <source>mark a longer part, as 10 mm of a ruler</source>
        <translation>marquez une partie plus longue, comme 10 mm d’une règle</translation>
    </message>
    <message>
        <source>mark both ends of a known length</source>
        <translation>marquez les deux bouts d’une longueur connue</translation>
    </message>
    <message>
        <source>mark it again</source>
        <translation>marquez-la de nouveau</translation>
    </message>
    <message>
        <source>mark the os (O)</source>
        <translation>marquez l’orifice (O)</translation>
    </message>
    <message>
        <source>mark the os (O; Shift+O: as found)</source>
        <translation>marquez l’orifice (O ; Shift+O : tel que trouvé)</translation>
    </message>
    <message>
        <source>marks lie between 0 and {longest:g} seconds after acetic acid</source>
        <translation>les repères de temps se situent entre 0 et {longest:g} secondes après l’acide acétique</translation>
    </message>
    <message>
        <source>may show no cervix</source>
        <translation>ne montre peut-être pas le col</translation>
    </message>
    <message>
        <source>metaplasia: crypt openings</source>
        <translation>métaplasie : orifices glandulaires</translation>
    </message>
    <message>
        <source>metaplasia: nabothian cysts</source>
        <translation>métaplasie : œufs de Naboth</translation>
    </message>
    <message>
        <source>missed</source>
        <translation>manquée</translation>
    </message>
    <message>
        <source>missing file</source>
        <translation>fichier manquant</translation>
    </message>
    <message>
        <source>model.toml is as it was brought here on {day}, without a seal: nobody can say what was altered before</source>
        <translation>model.toml est tel qu’il a été apporté ici le {day}, sans sceau : personne ne peut dire ce qui avait été altéré auparavant</translation>
    </message>
    <message>
        <source>model.toml is as it was made</source>
        <translation>model.toml est tel qu’il a été créé</translation>
    </message>
    <message>
        <source>models and answers are unchanged</source>
        <translation>les modèles et les réponses sont inchangés</translation>
    </message>
    <message>
        <source>more contrast</source>
        <translation>plus de contraste</translation>
    </message>
    <message>
        <source>more than 8 weeks: was due {day}</source>
        <translation>plus de 8 semaines (échéance {day})</translation>
    </message>
    <message>
        <source>more than {count} years ago: it may be a birth date</source>
        <translation>il y a plus de {count} ans : c’est peut-être une date de naissance</translation>
    </message>
    <message>
        <source>most (L* {peak:+.1f}) at {seconds:.0f} s</source>
        <translation>maximum (L* {peak:+.1f}) à {seconds:.0f} s</translation>
    </message>
    <message>
        <source>most whitening</source>
        <translation>blanchiment maximal</translation>
    </message>
    <message>
        <source>move closer</source>
        <translation>rapprocher</translation>
    </message>
    <message numerus="yes">
        <source>move of %n picture(s)</source>
        <translation>
            <numerusform>déplacement de %n image</numerusform>
            <numerusform>déplacement de %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>move that file away to go on without a way back; the backups and programs stay where they are</source>
        <translation>déplacez ce fichier pour continuer sans retour possible ; les sauvegardes et les programmes restent où ils sont</translation>
    </message>
    <message>
        <source>move that file away; the databases themselves lie in the folder 'set-aside' of their libraries</source>
        <translation>déplacez ce fichier ailleurs ; les bases de données elles-mêmes se trouvent dans le dossier 'set-aside' de leur bibliothèque</translation>
    </message>
    <message>
        <source>move {ways}</source>
        <translation>déplacer {ways}</translation>
    </message>
    <message>
        <source>much glare: tilt the light or dab the surface dry</source>
        <translation>beaucoup de reflets : inclinez la lumière ou séchez la surface en tamponnant</translation>
    </message>
    <message>
        <source>mucus or blood over the os</source>
        <translation>mucus ou sang sur l’orifice</translation>
    </message>
    <message>
        <source>name</source>
        <translation>nom</translation>
    </message>
    <message>
        <source>name a file</source>
        <translation>indiquez un fichier</translation>
    </message>
    <message>
        <source>name a file in it</source>
        <translation>indiquez un fichier de ce dossier</translation>
    </message>
    <message>
        <source>name a file that was exported</source>
        <translation>indiquez un fichier qui a été exporté</translation>
    </message>
    <message>
        <source>name a folder</source>
        <translation>indiquez un dossier</translation>
    </message>
    <message>
        <source>name a new folder, such as {folder}</source>
        <translation>indiquez un nouveau dossier, comme {folder}</translation>
    </message>
    <message>
        <source>name a white-light picture, a fluorescence picture, or both</source>
        <translation>indiquez une image en lumière blanche, une image en fluorescence, ou les deux</translation>
    </message>
    <message>
        <source>name another folder with --prepared, or delete this one to have it made again</source>
        <translation>indiquez un autre dossier avec --prepared, ou supprimez celui-ci pour qu’il soit refait</translation>
    </message>
    <message>
        <source>name at least one</source>
        <translation>indiquez-en au moins une</translation>
    </message>
    <message>
        <source>name of the patient</source>
        <translation>nom de la patiente</translation>
    </message>
    <message>
        <source>name one picture file</source>
        <translation>indiquez un seul fichier image</translation>
    </message>
    <message>
        <source>name one picture file in it</source>
        <translation>indiquez un seul fichier image de ce dossier</translation>
    </message>
    <message>
        <source>name one video file</source>
        <translation>indiquez un seul fichier vidéo</translation>
    </message>
    <message>
        <source>name the CSV file in it</source>
        <translation>indiquez le fichier CSV de ce dossier</translation>
    </message>
    <message>
        <source>names a day on which a woman of this library was seen or born ({found})</source>
        <translation>mentionne un jour où une patiente de cette bibliothèque a été vue ou est née ({found})</translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is a name of hers)</source>
        <translation>désigne une patiente de cette bibliothèque ({found!r} est l’un de ses noms)</translation>
    </message>
    <message>
        <source>names a woman of this library ({found!r} is an identifier of hers)</source>
        <translation>désigne une patiente de cette bibliothèque ({found!r} est l’un de ses identifiants)</translation>
    </message>
    <message>
        <source>names say two numbers: {numbers}</source>
        <translation>les noms indiquent deux numéros : {numbers}</translation>
    </message>
    <message>
        <source>nearer to it</source>
        <translation>plus proche</translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, is on record for another woman ({identifier})</source>
        <translation>presque la même image, de la même seconde, est consignée pour une autre patiente ({identifier})</translation>
    </message>
    <message>
        <source>nearly the same picture, of the same second, stands under another woman too</source>
        <translation>presque la même image, de la même seconde, figure aussi chez une autre patiente</translation>
    </message>
    <message>
        <source>necrosis</source>
        <translation>nécrose</translation>
    </message>
    <message>
        <source>negative</source>
        <comment>HPV, high risk</comment>
        <translation>négatif</translation>
    </message>
    <message>
        <source>negative</source>
        <comment>p16</comment>
        <translation>négatif</translation>
    </message>
    <message>
        <source>neither the picture, nor a name, nor the file's time says it</source>
        <translation>ni l’image, ni un nom, ni l’heure du fichier ne l’indiquent</translation>
    </message>
    <message>
        <source>never</source>
        <comment>Smoking</comment>
        <translation>jamais</translation>
    </message>
    <message>
        <source>new in this library</source>
        <translation>nouvelle dans cette bibliothèque</translation>
    </message>
    <message>
        <source>new result since the letter</source>
        <translation>nouveau résultat depuis le courrier</translation>
    </message>
    <message>
        <source>next</source>
        <translation>suivante</translation>
    </message>
    <message>
        <source>no</source>
        <comment>Pregnant</comment>
        <translation>non</translation>
    </message>
    <message>
        <source>no</source>
        <comment>Hysterectomy</comment>
        <translation>non</translation>
    </message>
    <message>
        <source>no</source>
        <translation>non</translation>
    </message>
    <message>
        <source>no AI answer in this report</source>
        <translation>aucune réponse de l’IA dans ce compte rendu</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>pas de réponse</translation>
    </message>
    <message>
        <source>no answer is shown or kept</source>
        <translation>aucune réponse n’est affichée ni conservée</translation>
    </message>
    <message>
        <source>no answer was given: {reason}</source>
        <translation>aucune réponse n’a été donnée : {reason}</translation>
    </message>
    <message>
        <source>no backup was made: the database of the library {path}, or the disk of the backup, is damaged ({wrong})</source>
        <translation>aucune sauvegarde n’a été faite : la base de données de la bibliothèque {path}, ou le disque de la sauvegarde, est endommagé(e) ({wrong})</translation>
    </message>
    <message>
        <source>no bands are called {key!r}</source>
        <translation>aucune tranche ne s’appelle {key!r}</translation>
    </message>
    <message>
        <source>no board of squares is seen in this picture</source>
        <translation>aucun damier n’est visible sur cette image</translation>
    </message>
    <message>
        <source>no case</source>
        <translation>sans cas</translation>
    </message>
    <message>
        <source>no case of the locked test has a label</source>
        <translation>aucun cas du test verrouillé n’a d’étiquette</translation>
    </message>
    <message>
        <source>no cervix</source>
        <translation>pas de col</translation>
    </message>
    <message>
        <source>no cervix is seen</source>
        <translation>aucun col n’est visible</translation>
    </message>
    <message>
        <source>no cervix is seen: bring it into view</source>
        <translation>aucun col n’est visible : amenez-le dans le champ</translation>
    </message>
    <message>
        <source>no colour</source>
        <translation>sans couleur</translation>
    </message>
    <message>
        <source>no dark frame was taken: of {wanted} frames {found} came (the camera is {state})</source>
        <translation>aucune image noire n’a été prise : sur {wanted} images, {found} sont arrivées (état de la caméra : {state})</translation>
    </message>
    <message>
        <source>no dark frame was taken: {problem}</source>
        <translation>aucune image noire n’a été prise : {problem}</translation>
    </message>
    <message>
        <source>no examination was begun in this visit</source>
        <translation>aucun examen n’a été commencé dans cette consultation</translation>
    </message>
    <message>
        <source>no figures were written</source>
        <translation>aucun chiffre n’a été écrit</translation>
    </message>
    <message>
        <source>no fluorescence picture was taken: {problem}</source>
        <translation>aucune image en fluorescence n’a été prise : {problem}</translation>
    </message>
    <message>
        <source>no frame of it can be read</source>
        <translation>aucune de ses images ne peut être lue</translation>
    </message>
    <message>
        <source>no frame of this clip can be read</source>
        <translation>aucune image de ce clip ne peut être lue</translation>
    </message>
    <message>
        <source>no glare</source>
        <translation>aucun reflet</translation>
    </message>
    <message>
        <source>no interval</source>
        <translation>pas d’intervalle</translation>
    </message>
    <message>
        <source>no key</source>
        <translation>pas de touche</translation>
    </message>
    <message>
        <source>no label, and no impression</source>
        <translation>ni étiquette, ni impression</translation>
    </message>
    <message>
        <source>no lesion {answer} is documented</source>
        <translation>aucune lésion {answer} n’est documentée</translation>
    </message>
    <message>
        <source>no map is shown or kept</source>
        <translation>aucune carte n’est affichée ni conservée</translation>
    </message>
    <message>
        <source>no model in {folder}: {file} is missing</source>
        <translation>aucun modèle dans {folder} : {file} manque</translation>
    </message>
    <message>
        <source>no model was written</source>
        <translation>aucun modèle n’a été écrit</translation>
    </message>
    <message>
        <source>no model was written, and the epochs before are kept</source>
        <translation>aucun modèle n’a été écrit, et les époques précédentes sont conservées</translation>
    </message>
    <message>
        <source>no name</source>
        <translation>sans nom</translation>
    </message>
    <message>
        <source>no name of a folder or file says it</source>
        <translation>aucun nom de dossier ou de fichier ne l’indique</translation>
    </message>
    <message>
        <source>no name says it</source>
        <translation>aucun nom ne l’indique</translation>
    </message>
    <message>
        <source>no name says the stage</source>
        <translation>aucun nom n’indique l’étape</translation>
    </message>
    <message>
        <source>no pair has a picture of the second source: pair them in Review</source>
        <translation>aucune paire n’a d’image de la seconde source : appariez-les dans Lecture</translation>
    </message>
    <message>
        <source>no pair is in front.</source>
        <translation>aucune paire n’est affichée.</translation>
    </message>
    <message>
        <source>no pair is {sources}</source>
        <translation>aucune paire n’est du type {sources}</translation>
    </message>
    <message>
        <source>no pair of pictures</source>
        <translation>pas de paire d’images</translation>
    </message>
    <message>
        <source>no pair was taken: {problem}</source>
        <translation>aucune paire n’a été prise : {problem}</translation>
    </message>
    <message>
        <source>no password was changed</source>
        <translation>aucun mot de passe n’a été changé</translation>
    </message>
    <message>
        <source>no patient</source>
        <translation>sans patiente</translation>
    </message>
    <message>
        <source>no picture</source>
        <translation>sans image</translation>
    </message>
    <message>
        <source>no picture can be read</source>
        <translation>aucune image ne peut être lue</translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time</source>
        <translation>aucune image en fluorescence n’est arrivée à temps</translation>
    </message>
    <message>
        <source>no picture in fluorescence came in time (the camera is {state})</source>
        <translation>aucune image en fluorescence n’est arrivée à temps (état de la caméra : {state})</translation>
    </message>
    <message>
        <source>no picture in white light came from the camera</source>
        <translation>aucune image en lumière blanche n’est venue de la caméra</translation>
    </message>
    <message>
        <source>no picture in white light came in time</source>
        <translation>aucune image en lumière blanche n’est arrivée à temps</translation>
    </message>
    <message>
        <source>no picture in white light came in time (the camera is {state})</source>
        <translation>aucune image en lumière blanche n’est arrivée à temps (état de la caméra : {state})</translation>
    </message>
    <message>
        <source>no picture of it says when it was taken</source>
        <translation>aucune de ses images n’indique quand elle a été prise</translation>
    </message>
    <message>
        <source>no picture shows anything</source>
        <translation>aucune image ne montre quoi que ce soit</translation>
    </message>
    <message>
        <source>no picture was given</source>
        <translation>aucune image n’a été donnée</translation>
    </message>
    <message>
        <source>no pot any more</source>
        <translation>plus aucun pot</translation>
    </message>
    <message>
        <source>no pot, no result awaited</source>
        <translation>pas de pot, pas de résultat attendu</translation>
    </message>
    <message>
        <source>no producer for GenICam is installed</source>
        <translation>aucun producteur GenICam n’est installé</translation>
    </message>
    <message>
        <source>no read can be kept, this library is open for reading only: {why}</source>
        <translation>aucune lecture ne peut être conservée, cette bibliothèque est ouverte en lecture seule : {why}</translation>
    </message>
    <message>
        <source>no read can be kept: this task is closed</source>
        <translation>aucune lecture ne peut être conservée : cette tâche est fermée</translation>
    </message>
    <message>
        <source>no read can be kept: your account may not do this in this library</source>
        <translation>aucune lecture ne peut être conservée : votre compte n’y est pas autorisé dans cette bibliothèque</translation>
    </message>
    <message>
        <source>no read can be kept: {reader} opened this task, and {who} is the reader now</source>
        <translation>aucune lecture ne peut être conservée : {reader} a ouvert cette tâche, et {who} est maintenant le lecteur</translation>
    </message>
    <message>
        <source>no reason given</source>
        <translation>motif non précisé</translation>
    </message>
    <message>
        <source>no reason is on record</source>
        <translation>aucun motif n’est consigné</translation>
    </message>
    <message>
        <source>no reliable match</source>
        <translation>pas de correspondance fiable</translation>
    </message>
    <message>
        <source>no report was made</source>
        <translation>aucun compte rendu n’a été fait</translation>
    </message>
    <message>
        <source>no report was made, and what was signed is unchanged</source>
        <translation>aucun compte rendu n’a été fait, et ce qui a été signé est inchangé</translation>
    </message>
    <message>
        <source>no report was written</source>
        <translation>aucun compte rendu n’a été écrit</translation>
    </message>
    <message>
        <source>no result will come</source>
        <translation>aucun résultat ne viendra</translation>
    </message>
    <message>
        <source>no structure</source>
        <translation>sans structure</translation>
    </message>
    <message>
        <source>no task was made</source>
        <translation>aucune tâche n’a été créée</translation>
    </message>
    <message>
        <source>no training was begun</source>
        <translation>aucun entraînement n’a été commencé</translation>
    </message>
    <message>
        <source>no two pictures were put together as a pair</source>
        <translation>aucune paire n’a été formée de deux images</translation>
    </message>
    <message>
        <source>no update was installed here by this user</source>
        <translation>cet utilisateur n’a installé ici aucune mise à jour</translation>
    </message>
    <message>
        <source>no visit was found to export</source>
        <translation>aucune consultation à exporter n’a été trouvée</translation>
    </message>
    <message>
        <source>no visit was named</source>
        <translation>aucune consultation n’a été indiquée</translation>
    </message>
    <message>
        <source>no woman is left for {part}</source>
        <translation>il ne reste aucune patiente pour {part}</translation>
    </message>
    <message numerus="yes">
        <source>no, %n (woman|women) missing</source>
        <translation>
            <numerusform>non, manque %n patiente</numerusform>
            <numerusform>non, manque %n patientes</numerusform>
        </translation>
    </message>
    <message>
        <source>nobody has said it yet: the files call her Unassigned, and after she is known they are other ones</source>
        <translation>personne ne l’a encore dit : les fichiers l’appellent Unassigned, et une fois qu’elle sera connue, ce seront d’autres fichiers</translation>
    </message>
    <message>
        <source>nobody has said who its woman is: assign its visit</source>
        <translation>personne n’a dit qui est sa patiente : attribuez sa consultation</translation>
    </message>
    <message>
        <source>nobody has said who the woman is: assign the visit to a patient first</source>
        <translation>personne n’a dit qui est la patiente : attribuez d’abord la consultation à une patiente</translation>
    </message>
    <message>
        <source>nobody has said who this woman is either</source>
        <translation>personne n’a dit non plus qui est cette patiente</translation>
    </message>
    <message>
        <source>nobody has said whose these visits are: they are not compared</source>
        <translation>personne n’a dit de qui sont ces consultations : elles ne sont pas comparées</translation>
    </message>
    <message>
        <source>nobody in this library is called {pseudonym!r} in an export</source>
        <translation>personne dans cette bibliothèque ne s’appelle {pseudonym!r} dans un export</translation>
    </message>
    <message>
        <source>nobody is signed in</source>
        <translation>personne n’est connecté</translation>
    </message>
    <message>
        <source>nobody named</source>
        <translation>patiente non nommée</translation>
    </message>
    <message>
        <source>nobody said that the pictures were looked at for names drawn into them</source>
        <translation>personne n’a dit que les images ont été examinées à la recherche de noms incrustés</translation>
    </message>
    <message>
        <source>nobody signed {part}</source>
        <translation>personne n’a signé {part}</translation>
    </message>
    <message>
        <source>noisy</source>
        <translation>bruitée</translation>
    </message>
    <message>
        <source>non-stained</source>
        <comment>Lugol's iodine</comment>
        <translation>non coloré</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Lesions</comment>
        <translation>aucune</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Acetowhite</comment>
        <translation>absent</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Excision</comment>
        <translation>aucune</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier treatment</comment>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Earlier colposcopy</comment>
        <translation>aucune</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Anticoagulants</comment>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <comment>Contraception</comment>
        <translation>aucune</translation>
    </message>
    <message>
        <source>none</source>
        <comment>HPV vaccination</comment>
        <translation>aucune</translation>
    </message>
    <message>
        <source>none</source>
        <comment>no keys</comment>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <comment>whitening</comment>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <comment>no models</comment>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <comment>readers differ</comment>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <comment>result</comment>
        <translation>aucun</translation>
    </message>
    <message>
        <source>none</source>
        <comment>impression</comment>
        <translation>aucune</translation>
    </message>
    <message>
        <source>none</source>
        <comment>pictures</comment>
        <translation>aucune</translation>
    </message>
    <message>
        <source>none from {first:.0f} s up to {last} after acid</source>
        <translation>aucun de {first:.0f} s à {last} après l’acide</translation>
    </message>
    <message>
        <source>none given</source>
        <translation>non renseigné</translation>
    </message>
    <message>
        <source>none needed</source>
        <translation>non nécessaire</translation>
    </message>
    <message>
        <source>none of the cases can be used</source>
        <translation>aucun des cas n’est utilisable</translation>
    </message>
    <message>
        <source>none of the {cases} cases can be used</source>
        <translation>aucun des {cases} cas n’est utilisable</translation>
    </message>
    <message>
        <source>none of these visits has a picture that can go out</source>
        <translation>aucune de ces consultations n’a d’image qui puisse sortir</translation>
    </message>
    <message>
        <source>none up to {last} after acid</source>
        <translation>aucun jusqu’à {last} après l’acide</translation>
    </message>
    <message>
        <source>none was taken</source>
        <comment>epoch</comment>
        <translation>aucune n’a été retenue</translation>
    </message>
    <message>
        <source>none yet</source>
        <translation>pas encore</translation>
    </message>
    <message>
        <source>none: taken at random</source>
        <translation>rien : prélevé au hasard</translation>
    </message>
    <message>
        <source>normal</source>
        <comment>grade</comment>
        <translation>normal</translation>
    </message>
    <message>
        <source>normal or CIN1</source>
        <translation>normal ou CIN1</translation>
    </message>
    <message>
        <source>normal or benign</source>
        <translation>normal ou bénin</translation>
    </message>
    <message>
        <source>not a file</source>
        <translation>pas un fichier</translation>
    </message>
    <message>
        <source>not a lesion outline, no guide for biopsies</source>
        <translation>pas un contour de lésion, pas un guide pour les biopsies</translation>
    </message>
    <message>
        <source>not a picture</source>
        <translation>pas une image</translation>
    </message>
    <message>
        <source>not aligned</source>
        <translation>non alignées</translation>
    </message>
    <message>
        <source>not aligned: {reason}</source>
        <translation>non alignées : {reason}</translation>
    </message>
    <message>
        <source>not assessed</source>
        <translation>non évalué</translation>
    </message>
    <message>
        <source>not better</source>
        <comment>state of a run</comment>
        <translation>pas meilleur</translation>
    </message>
    <message>
        <source>not brought back: {problem}. Its record is there. Look for the picture in another backup and put it back with pfm library repair NEW_FOLDER --from OTHER_BACKUP; the library, where it is still there, puts it into {folder} with pfm library backup --check</source>
        <translation>non restaurée : {problem}. Son enregistrement est là. Cherchez l’image dans une autre sauvegarde et remettez-la en place avec pfm library repair NEW_FOLDER --from OTHER_BACKUP ; la bibliothèque, si elle l’a encore, la met dans {folder} avec pfm library backup --check</translation>
    </message>
    <message>
        <source>not calibrated: no mm</source>
        <translation>non étalonné : pas de mm</translation>
    </message>
    <message>
        <source>not checked</source>
        <comment>how far a picture is from what the model learned from</comment>
        <translation>non vérifié</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>Cytology (Bethesda)</comment>
        <translation>non faite</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>HPV, high risk</comment>
        <translation>non fait</translation>
    </message>
    <message>
        <source>not done</source>
        <comment>p16</comment>
        <translation>non fait</translation>
    </message>
    <message>
        <source>not due</source>
        <translation>pas à envoyer</translation>
    </message>
    <message>
        <source>not faded to half by {last}, the last frame</source>
        <translation>pas réduit de moitié jusqu’à {last}, la dernière image</translation>
    </message>
    <message>
        <source>not faded to half so far</source>
        <translation>pas réduit de moitié jusqu’ici</translation>
    </message>
    <message>
        <source>not fully</source>
        <translation>pas entièrement</translation>
    </message>
    <message>
        <source>not given</source>
        <translation>non donné</translation>
    </message>
    <message>
        <source>not in the
library yet</source>
        <translation>pas encore dans
la bibliothèque</translation>
    </message>
    <message>
        <source>not in this light</source>
        <translation>pas dans cette lumière</translation>
    </message>
    <message>
        <source>not kept: {problem}</source>
        <translation>non conservée : {problem}</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>inconnu</translation>
    </message>
    <message>
        <source>not known to this model</source>
        <translation>inconnu de ce modèle</translation>
    </message>
    <message>
        <source>not known whose</source>
        <translation>appartenance inconnue</translation>
    </message>
    <message>
        <source>not named</source>
        <translation>non nommé</translation>
    </message>
    <message>
        <source>not needed</source>
        <translation>non nécessaire</translation>
    </message>
    <message>
        <source>not now: {why}</source>
        <translation>pas maintenant : {why}</translation>
    </message>
    <message>
        <source>not now: {work}</source>
        <translation>pas maintenant : {work}</translation>
    </message>
    <message>
        <source>not on disk yet: {trouble}</source>
        <translation>pas encore sur le disque : {trouble}</translation>
    </message>
    <message>
        <source>not on the stage now</source>
        <translation>pas dans la zone d’image actuellement</translation>
    </message>
    <message>
        <source>not read yet</source>
        <translation>pas encore lue</translation>
    </message>
    <message>
        <source>not registered</source>
        <translation>non recalée</translation>
    </message>
    <message>
        <source>not registered: {cause}. Give the white-light and the fluorescence picture of one visit</source>
        <translation>non recalée : {cause}. Donnez l’image en lumière blanche et l’image en fluorescence d’une même consultation</translation>
    </message>
    <message>
        <source>not registered: {cause}. Points can be placed by hand in the window, pfm-desktop</source>
        <translation>non recalée : {cause}. Des points peuvent être placés à la main dans la fenêtre, pfm-desktop</translation>
    </message>
    <message>
        <source>not registered: {reason}</source>
        <translation>non recalée : {reason}</translation>
    </message>
    <message>
        <source>not said</source>
        <translation>non précisé</translation>
    </message>
    <message>
        <source>not scored</source>
        <translation>non coté</translation>
    </message>
    <message>
        <source>not seen by the model (not zero)</source>
        <translation>non vu par le modèle (pas zéro)</translation>
    </message>
    <message>
        <source>not signed</source>
        <translation>non signé</translation>
    </message>
    <message>
        <source>not suppressed</source>
        <translation>non immunodéprimée</translation>
    </message>
    <message>
        <source>not timed</source>
        <translation>non chronométrée</translation>
    </message>
    <message>
        <source>not typed</source>
        <translation>non typé</translation>
    </message>
    <message>
        <source>not visible</source>
        <translation>non visible</translation>
    </message>
    <message>
        <source>note</source>
        <translation>note</translation>
    </message>
    <message>
        <source>note, quality or region of pairs without a grade</source>
        <translation>note, qualité ou région de paires sans grade</translation>
    </message>
    <message>
        <source>nothing answers at {name}</source>
        <translation>rien ne répond à {name}</translation>
    </message>
    <message>
        <source>nothing at opacity 0 %</source>
        <translation>rien à une opacité de 0 %</translation>
    </message>
    <message>
        <source>nothing came</source>
        <translation>rien n’est arrivé</translation>
    </message>
    <message>
        <source>nothing from {threshold:.2f} (most {most:.2f})</source>
        <translation>rien à partir de {threshold:.2f} (maximum {most:.2f})</translation>
    </message>
    <message>
        <source>nothing in it was changed</source>
        <translation>rien n’y a été modifié</translation>
    </message>
    <message>
        <source>nothing in it was run</source>
        <translation>rien de son contenu n’a été exécuté</translation>
    </message>
    <message>
        <source>nothing is asked of it</source>
        <translation>le modèle n’est pas interrogé</translation>
    </message>
    <message>
        <source>nothing is called {key!r} in this form</source>
        <translation>rien ne s’appelle {key!r} dans ce formulaire</translation>
    </message>
    <message>
        <source>nothing is not a time</source>
        <translation>un texte vide n’est pas une heure</translation>
    </message>
    <message>
        <source>nothing is said of its pictures</source>
        <translation>rien n’est dit de ses images</translation>
    </message>
    <message>
        <source>nothing is said of this visit yet</source>
        <translation>rien n’est encore dit de cette consultation</translation>
    </message>
    <message>
        <source>nothing is shown</source>
        <translation>rien n’est affiché</translation>
    </message>
    <message>
        <source>nothing of it was read</source>
        <translation>rien n’en a été lu</translation>
    </message>
    <message>
        <source>nothing of it was recorded</source>
        <translation>rien n’en a été enregistré</translation>
    </message>
    <message>
        <source>nothing on record was removed</source>
        <translation>rien de ce qui est consigné n’a été supprimé</translation>
    </message>
    <message>
        <source>nothing was added</source>
        <translation>rien n’a été ajouté</translation>
    </message>
    <message>
        <source>nothing was begun, and the model in use stays</source>
        <translation>rien n’a été commencé, et le modèle en service reste</translation>
    </message>
    <message>
        <source>nothing was brought in</source>
        <translation>rien n’a été importé</translation>
    </message>
    <message>
        <source>nothing was changed</source>
        <translation>rien n’a été modifié</translation>
    </message>
    <message>
        <source>nothing was changed, and all that was accepted before is where the folder is now</source>
        <translation>rien n’a été modifié, et tout ce qui a été accepté auparavant est là où se trouve maintenant le dossier</translation>
    </message>
    <message>
        <source>nothing was changed, and it is not known to be damaged</source>
        <translation>rien n’a été modifié, et rien n’indique qu’elle soit endommagée</translation>
    </message>
    <message>
        <source>nothing was changed, and its other parts are there</source>
        <translation>rien n’a été modifié, et ses autres parties sont là</translation>
    </message>
    <message>
        <source>nothing was changed, and no reads were shown</source>
        <translation>rien n’a été modifié, et aucune lecture n’a été montrée</translation>
    </message>
    <message>
        <source>nothing was changed, and nothing is lost</source>
        <translation>rien n’a été modifié, et rien n’est perdu</translation>
    </message>
    <message>
        <source>nothing was changed: it could pass for another name</source>
        <translation>rien n’a été modifié : il pourrait passer pour un autre nom</translation>
    </message>
    <message>
        <source>nothing was changed; its keys are the right ones, and the pictures stand in the folder 'pictures', encrypted</source>
        <translation>rien n’a été modifié ; ses clés sont les bonnes, et les images sont dans le dossier « pictures », chiffrées</translation>
    </message>
    <message>
        <source>nothing was changed; the database and the pictures are there, encrypted</source>
        <translation>rien n’a été modifié ; la base de données et les images sont là, chiffrées</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures and the database are still there, encrypted</source>
        <translation>rien n’a été modifié ; les images et la base de données sont toujours là, chiffrées</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder 'pictures'</source>
        <translation>rien n’a été modifié ; les images sont dans le dossier « pictures »</translation>
    </message>
    <message>
        <source>nothing was changed; the pictures stand in the folder 'pictures', encrypted</source>
        <translation>rien n’a été modifié ; les images sont dans le dossier « pictures », chiffrées</translation>
    </message>
    <message>
        <source>nothing was changed; {key_file} is the right one, as its keys open the pictures</source>
        <translation>rien n’a été modifié ; {key_file} est le bon, car ses clés ouvrent les images</translation>
    </message>
    <message>
        <source>nothing was checked</source>
        <translation>rien n’a été vérifié</translation>
    </message>
    <message>
        <source>nothing was copied</source>
        <translation>rien n’a été copié</translation>
    </message>
    <message>
        <source>nothing was done</source>
        <translation>rien n’a été fait</translation>
    </message>
    <message>
        <source>nothing was exported; the record says that it was begun and not completed</source>
        <translation>rien n’a été exporté ; il est consigné que l’export a été commencé et non achevé</translation>
    </message>
    <message>
        <source>nothing was loaded from them</source>
        <translation>rien n’en a été chargé</translation>
    </message>
    <message>
        <source>nothing was made</source>
        <translation>rien n’a été créé</translation>
    </message>
    <message>
        <source>nothing was opened</source>
        <translation>rien n’a été ouvert</translation>
    </message>
    <message>
        <source>nothing was opened and nothing was changed</source>
        <translation>rien n’a été ouvert et rien n’a été modifié</translation>
    </message>
    <message>
        <source>nothing was read</source>
        <translation>rien n’a été lu</translation>
    </message>
    <message>
        <source>nothing was saved</source>
        <translation>rien n’a été enregistré</translation>
    </message>
    <message>
        <source>nothing was signed</source>
        <translation>rien n’a été signé</translation>
    </message>
    <message>
        <source>nothing was signed, and the audit trail is unchanged</source>
        <translation>rien n’a été signé, et la piste d’audit est inchangée</translation>
    </message>
    <message>
        <source>nothing was taken</source>
        <translation>rien n’a été pris</translation>
    </message>
    <message>
        <source>nothing was trained</source>
        <translation>rien n’a été entraîné</translation>
    </message>
    <message>
        <source>nothing was written</source>
        <translation>rien n’a été écrit</translation>
    </message>
    <message>
        <source>nothing was written, and the model in use stays</source>
        <translation>rien n’a été écrit, et le modèle en service reste</translation>
    </message>
    <message>
        <source>nothing was written, and what you read before stays as it is</source>
        <translation>rien n’a été écrit, et ce que vous avez lu auparavant reste tel quel</translation>
    </message>
    <message>
        <source>nothing wrong</source>
        <translation>rien d’anormal</translation>
    </message>
    <message>
        <source>now</source>
        <translation>maintenant</translation>
    </message>
    <message>
        <source>now, by key</source>
        <translation>maintenant, avec la touche</translation>
    </message>
    <message>
        <source>now: {indication}</source>
        <translation>maintenant : {indication}</translation>
    </message>
    <message>
        <source>obstructed</source>
        <translation>obstruée</translation>
    </message>
    <message>
        <source>odd shape</source>
        <translation>forme inhabituelle</translation>
    </message>
    <message>
        <source>of the clip</source>
        <translation>du clip</translation>
    </message>
    <message>
        <source>of the laboratory</source>
        <translation>du laboratoire</translation>
    </message>
    <message>
        <source>of the meeting</source>
        <translation>de la RCP</translation>
    </message>
    <message>
        <source>of the report</source>
        <translation>du compte rendu</translation>
    </message>
    <message>
        <source>off centre</source>
        <translation>décentrée</translation>
    </message>
    <message>
        <source>ok</source>
        <comment>registration</comment>
        <translation>correct</translation>
    </message>
    <message>
        <source>old and new model have not been compared on the locked test</source>
        <translation>l’ancien et le nouveau modèle n’ont pas été comparés sur le test verrouillé</translation>
    </message>
    <message>
        <source>old and new model were compared by an older version of this program, which looked at less</source>
        <translation>l’ancien et le nouveau modèle ont été comparés par une version plus ancienne de ce programme, qui examinait moins de choses</translation>
    </message>
    <message>
        <source>on another way than the file itself: by telephone, or in a letter</source>
        <translation>par une autre voie que le fichier lui-même : par téléphone, ou par courrier</translation>
    </message>
    <message>
        <source>on the other picture, and the pair is not registered</source>
        <translation>sur l’autre image, et la paire n’est pas recalée</translation>
    </message>
    <message>
        <source>on the stage</source>
        <translation>dans la zone d’image</translation>
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
        <translation>l’une de ses images figure aussi dans une autre consultation</translation>
    </message>
    <message>
        <source>one picture stands twice: {first} and {second}</source>
        <translation>une image figure deux fois : {first} et {second}</translation>
    </message>
    <message>
        <source>one point is no line: nothing was drawn</source>
        <translation>un point n’est pas une ligne : rien n’a été dessiné</translation>
    </message>
    <message>
        <source>one to one, fit</source>
        <translation>échelle 1:1, ajuster</translation>
    </message>
    <message>
        <source>one to {most} people read each pair</source>
        <translation>une à {most} personnes lisent chaque paire</translation>
    </message>
    <message>
        <source>only a description in the file's own record says it, perhaps of the whole examination</source>
        <translation>seule une description dans les données du fichier lui-même l’indique, peut-être pour tout l’examen</translation>
    </message>
    <message>
        <source>only its colours say it: those of fluorescence or of a green filter</source>
        <translation>seules ses couleurs l’indiquent : celles de la fluorescence ou d’un filtre vert</translation>
    </message>
    <message>
        <source>only its colours say it: those of white light</source>
        <translation>seules ses couleurs l’indiquent : celles de la lumière blanche</translation>
    </message>
    <message>
        <source>only pictures after acetic acid have a mark</source>
        <translation>seules les images après acide acétique ont un repère de temps</translation>
    </message>
    <message>
        <source>only the file's time says it, which copying may have changed</source>
        <translation>seule l’heure du fichier l’indique, et une copie a pu la changer</translation>
    </message>
    <message>
        <source>only the first of {count} pictures in the file is read: save the others as files of their own</source>
        <translation>seule la première des {count} images du fichier est lue : enregistrez les autres dans des fichiers séparés</translation>
    </message>
    <message>
        <source>only the lower 12 of its 16 bits are used, so it looks dark: export it as 8-bit</source>
        <translation>seuls les 12 bits inférieurs de ses 16 bits sont utilisés, elle paraît donc sombre : exportez-la en 8 bits</translation>
    </message>
    <message numerus="yes">
        <source>only this says that she is {name}, who has %n picture(s) here</source>
        <translation>
            <numerusform>seul cet élément indique qu’il s’agit de {name}, qui a %n image ici</numerusform>
            <numerusform>seul cet élément indique qu’il s’agit de {name}, qui a %n images ici</numerusform>
        </translation>
    </message>
    <message>
        <source>only {where} could say it</source>
        <translation>il n’y a que {where} qui pourrait l’indiquer</translation>
    </message>
    <message>
        <source>opaque alpha channel left out</source>
        <translation>canal alpha opaque écarté</translation>
    </message>
    <message>
        <source>open</source>
        <comment>not folded</comment>
        <translation>déplié</translation>
    </message>
    <message>
        <source>open</source>
        <comment>state of a visit</comment>
        <translation>ouverte</translation>
    </message>
    <message>
        <source>open it again</source>
        <translation>rouvrez-la</translation>
    </message>
    <message>
        <source>open it again, then decide</source>
        <translation>rouvrez-la, puis arbitrez</translation>
    </message>
    <message>
        <source>open it first</source>
        <translation>ouvrez-la d’abord</translation>
    </message>
    <message>
        <source>open it from the list again</source>
        <translation>rouvrez-la depuis la liste</translation>
    </message>
    <message>
        <source>open it where it can be written</source>
        <translation>ouvrez-la là où elle peut être modifiée</translation>
    </message>
    <message>
        <source>open it where it can be written, then export again</source>
        <translation>ouvrez-la là où elle peut être modifiée, puis exportez de nouveau</translation>
    </message>
    <message>
        <source>open it, or choose another folder</source>
        <translation>ouvrez-la, ou choisissez un autre dossier</translation>
    </message>
    <message>
        <source>open the list again</source>
        <translation>rouvrez la liste</translation>
    </message>
    <message>
        <source>open the task again</source>
        <translation>rouvrez la tâche</translation>
    </message>
    <message>
        <source>open the task again, and go on from there</source>
        <translation>rouvrez la tâche, et continuez à partir de là</translation>
    </message>
    <message>
        <source>open the visit again</source>
        <translation>rouvrez la consultation</translation>
    </message>
    <message>
        <source>open the visit and clear them first</source>
        <translation>ouvrez la consultation et effacez-les d’abord</translation>
    </message>
    <message>
        <source>open the visit and take them away first</source>
        <translation>ouvrez la consultation et retirez d’abord ces éléments</translation>
    </message>
    <message>
        <source>open the visit from the list again</source>
        <translation>rouvrez la consultation depuis la liste</translation>
    </message>
    <message>
        <source>opening</source>
        <translation>ouverture en cours</translation>
    </message>
    <message>
        <source>origin</source>
        <translation>origine</translation>
    </message>
    <message>
        <source>os</source>
        <translation>orifice</translation>
    </message>
    <message>
        <source>os covered</source>
        <translation>orifice couvert</translation>
    </message>
    <message>
        <source>os mark</source>
        <comment>kind of record</comment>
        <translation>marque de l’orifice</translation>
    </message>
    <message>
        <source>os not marked, so no clock hour</source>
        <translation>orifice non marqué, donc pas de position horaire</translation>
    </message>
    <message>
        <source>os? ({key})</source>
        <translation>orifice ? ({key})</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Inadequate for</comment>
        <translation>autre</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Indication</comment>
        <translation>autre</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Earlier treatment</comment>
        <translation>autre</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Anticoagulants</comment>
        <translation>autre</translation>
    </message>
    <message>
        <source>other</source>
        <comment>Contraception</comment>
        <translation>autre</translation>
    </message>
    <message>
        <source>other folders or studies say the same, which may be other women</source>
        <translation>d’autres dossiers ou études indiquent la même chose, et peuvent être d’autres patientes</translation>
    </message>
    <message>
        <source>other high risk</source>
        <translation>autre à haut risque</translation>
    </message>
    <message>
        <source>other specimen</source>
        <translation>autre prélèvement</translation>
    </message>
    <message>
        <source>out of focus</source>
        <translation>floue</translation>
    </message>
    <message>
        <source>outline without its white-light picture</source>
        <translation>contour sans son image en lumière blanche</translation>
    </message>
    <message>
        <source>outside the TZ</source>
        <translation>hors de la ZT</translation>
    </message>
    <message numerus="yes">
        <source>overdue after %n day(s)</source>
        <translation>
            <numerusform>en retard après %n jour</numerusform>
            <numerusform>en retard après %n jours</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>overdue, %n day(s)</source>
        <translation>
            <numerusform>en retard, %n jour</numerusform>
            <numerusform>en retard, %n jours</numerusform>
        </translation>
    </message>
    <message>
        <source>overexposed</source>
        <translation>surexposée</translation>
    </message>
    <message>
        <source>packed in a way that is not read: unpack the zip first</source>
        <translation>compressé d’une façon qui n’est pas lue : décompressez d’abord le zip</translation>
    </message>
    <message>
        <source>page {page} of {pages}</source>
        <translation>page {page} sur {pages}</translation>
    </message>
    <message>
        <source>pair</source>
        <comment>of pictures</comment>
        <translation>paire</translation>
    </message>
    <message>
        <source>pair</source>
        <translation>paire</translation>
    </message>
    <message>
        <source>pair</source>
        <comment>kind of record</comment>
        <translation>paire</translation>
    </message>
    <message>
        <source>pairs, drawn at random</source>
        <translation>paires, tirées au sort</translation>
    </message>
    <message>
        <source>palette converted to RGB</source>
        <translation>palette convertie en RVB</translation>
    </message>
    <message>
        <source>part of a clip</source>
        <translation>partie de clip</translation>
    </message>
    <message>
        <source>part of a name</source>
        <translation>partie d’un nom</translation>
    </message>
    <message>
        <source>partially visible</source>
        <translation>partiellement visible</translation>
    </message>
    <message>
        <source>parting of a pair</source>
        <translation>séparation d’une paire</translation>
    </message>
    <message>
        <source>patient</source>
        <comment>kind of record</comment>
        <translation>patiente</translation>
    </message>
    <message>
        <source>per pair</source>
        <translation>par paire</translation>
    </message>
    <message>
        <source>perhaps in use by another user of this computer: {why}</source>
        <translation>peut-être utilisée par un autre utilisateur de cet ordinateur : {why}</translation>
    </message>
    <message>
        <source>perimenopausal</source>
        <translation>périménopausée</translation>
    </message>
    <message>
        <source>pfm library verify {path} says whether the library is. If so, copy its folder as it stands, and {way_back}</source>
        <translation>pfm library verify {path} indique si la bibliothèque est endommagée. Si oui, copiez son dossier tel quel, et {way_back}</translation>
    </message>
    <message>
        <source>pfm-demo is a demonstration model, trained on phantoms. {models.learn} makes one of your own labels, on this computer, and it answers only once you promote it.</source>
        <translation>pfm-demo est un modèle de démonstration, entraîné sur des fantômes. {models.learn} en crée un à partir de vos propres étiquettes, sur cet ordinateur, et il ne répond qu’une fois que vous l’avez promu.</translation>
    </message>
    <message>
        <source>pfm_desktop, library {library}</source>
        <translation>pfm_desktop, bibliothèque {library}</translation>
    </message>
    <message>
        <source>pfm_desktop: second screen</source>
        <translation>pfm_desktop : second écran</translation>
    </message>
    <message>
        <source>phantoms</source>
        <translation>fantômes</translation>
    </message>
    <message>
        <source>photograph the scale flat, square to the view and in focus, or mark two points on it by hand</source>
        <translation>photographiez l’échelle à plat, perpendiculaire à la vue et nette, ou marquez-y deux points à la main</translation>
    </message>
    <message>
        <source>picture</source>
        <translation>image</translation>
    </message>
    <message>
        <source>picture</source>
        <comment>kind of record</comment>
        <translation>image</translation>
    </message>
    <message>
        <source>picture after Lugol's iodine</source>
        <translation>image après lugol</translation>
    </message>
    <message>
        <source>picture {number}</source>
        <translation>image {number}</translation>
    </message>
    <message>
        <source>picture {number} of the sequence cannot be shown: {message}</source>
        <translation>l’image {number} de la séquence ne peut pas être affichée : {message}</translation>
    </message>
    <message>
        <source>pictures</source>
        <translation>images</translation>
    </message>
    <message>
        <source>pictures and library are not touched</source>
        <translation>les images et la bibliothèque ne sont pas touchées</translation>
    </message>
    <message>
        <source>pictures move from one visit to another one</source>
        <translation>les images se déplacent d’une consultation vers une autre</translation>
    </message>
    <message>
        <source>pictures or answer do not belong to this visit</source>
        <translation>les images ou la réponse n’appartiennent pas à cette consultation</translation>
    </message>
    <message>
        <source>pin</source>
        <comment>kind of record</comment>
        <translation>repère</translation>
    </message>
    <message>
        <source>pin {letter}</source>
        <translation>repère {letter}</translation>
    </message>
    <message>
        <source>pin {name}, no pot</source>
        <translation>repère {name}, sans pot</translation>
    </message>
    <message>
        <source>pins stand on its pair</source>
        <translation>des repères se trouvent sur sa paire</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>pixels</translation>
    </message>
    <message>
        <source>place one spot in both pictures</source>
        <translation>placez un même point dans les deux images</translation>
    </message>
    <message>
        <source>place the missing partner</source>
        <translation>placez le point correspondant manquant</translation>
    </message>
    <message>
        <source>plan</source>
        <comment>of a visit</comment>
        <translation>conduite à tenir</translation>
    </message>
    <message>
        <source>play it again</source>
        <translation>relancez la séquence</translation>
    </message>
    <message>
        <source>plug it in</source>
        <translation>branchez-la</translation>
    </message>
    <message>
        <source>plug it in again</source>
        <translation>rebranchez-la</translation>
    </message>
    <message>
        <source>plug it in, and check its cable</source>
        <translation>branchez-la, et vérifiez son câble</translation>
    </message>
    <message>
        <source>plug it in, and open it again</source>
        <translation>branchez-la, et rouvrez-la</translation>
    </message>
    <message>
        <source>plug it in, close other programs that show it, and allow desktop programs to use the camera</source>
        <translation>branchez-la, fermez les autres programmes qui l’affichent, et autorisez les programmes de bureau à utiliser la caméra</translation>
    </message>
    <message>
        <source>plug it in, or choose another port</source>
        <translation>branchez-la, ou choisissez un autre port</translation>
    </message>
    <message>
        <source>points file</source>
        <translation>fichier de points</translation>
    </message>
    <message>
        <source>points must come in pairs, one in each picture</source>
        <translation>les points doivent aller par paires, un dans chaque image</translation>
    </message>
    <message>
        <source>polyp</source>
        <translation>polype</translation>
    </message>
    <message>
        <source>polyp, ectocervical</source>
        <translation>polype exocervical</translation>
    </message>
    <message>
        <source>polyp, endocervical</source>
        <translation>polype endocervical</translation>
    </message>
    <message>
        <source>positive</source>
        <comment>HPV, high risk</comment>
        <translation>positif</translation>
    </message>
    <message>
        <source>positive</source>
        <comment>p16</comment>
        <translation>positif</translation>
    </message>
    <message>
        <source>positive VIA</source>
        <translation>IVA positive</translation>
    </message>
    <message>
        <source>postcoital or other bleeding</source>
        <translation>saignement postcoïtal ou autre</translation>
    </message>
    <message>
        <source>posterior</source>
        <translation>postérieur</translation>
    </message>
    <message>
        <source>posterior</source>
        <comment>Vagina, where</comment>
        <translation>postérieur</translation>
    </message>
    <message>
        <source>posterior left</source>
        <translation>postérieur gauche</translation>
    </message>
    <message>
        <source>posterior right</source>
        <translation>postérieur droit</translation>
    </message>
    <message>
        <source>postmenopausal</source>
        <translation>ménopausée</translation>
    </message>
    <message>
        <source>pot {pot}</source>
        <translation>pot {pot}</translation>
    </message>
    <message>
        <source>pregnant: {answer}</source>
        <translation>enceinte : {answer}</translation>
    </message>
    <message>
        <source>premenopausal</source>
        <translation>préménopausée</translation>
    </message>
    <message>
        <source>prepare the pictures again</source>
        <translation>préparez de nouveau les images</translation>
    </message>
    <message>
        <source>prepare them again</source>
        <translation>préparez-les de nouveau</translation>
    </message>
    <message>
        <source>present</source>
        <comment>Lesions</comment>
        <translation>présentes</translation>
    </message>
    <message>
        <source>present</source>
        <comment>Acetowhite</comment>
        <translation>présent</translation>
    </message>
    <message>
        <source>press its own button now</source>
        <translation>appuyez maintenant sur son propre bouton</translation>
    </message>
    <message>
        <source>pressure</source>
        <comment>Haemostasis</comment>
        <translation>compression</translation>
    </message>
    <message>
        <source>promoted, but {model} answers here</source>
        <translation>promu, mais {model} répond ici</translation>
    </message>
    <message>
        <source>promoted: it answers</source>
        <translation>promu : il répond</translation>
    </message>
    <message>
        <source>punch forceps</source>
        <translation>pince à biopsie</translation>
    </message>
    <message>
        <source>put back a backup of library.sqlite, or choose another library</source>
        <translation>remettez en place une sauvegarde de library.sqlite, ou choisissez une autre bibliothèque</translation>
    </message>
    <message>
        <source>put back already: {libraries}; nothing else was changed</source>
        <translation>déjà remis en place : {libraries} ; rien d’autre n’a été modifié</translation>
    </message>
    <message>
        <source>put its file back from a backup</source>
        <translation>remettez son fichier en place à partir d’une sauvegarde</translation>
    </message>
    <message>
        <source>put its parts back from a backup</source>
        <translation>remettez ses parties en place à partir d’une sauvegarde</translation>
    </message>
    <message>
        <source>put on the list</source>
        <translation>inscrite sur la liste</translation>
    </message>
    <message>
        <source>put the file back from a backup, or add the picture again</source>
        <translation>remettez le fichier en place à partir d’une sauvegarde, ou ajoutez de nouveau l’image</translation>
    </message>
    <message>
        <source>put the filter in</source>
        <translation>mettre le filtre</translation>
    </message>
    <message>
        <source>put user name and password into the address: http://user:password@...</source>
        <translation>mettez le nom d’utilisateur et le mot de passe dans l’adresse : http://user:password@...</translation>
    </message>
    <message>
        <source>put {file} back from a backup, or choose another folder</source>
        <translation>remettez {file} en place à partir d’une sauvegarde, ou choisissez un autre dossier</translation>
    </message>
    <message>
        <source>put {key_file} back from a backup of this library: {how}</source>
        <translation>remettez {key_file} en place à partir d’une sauvegarde de cette bibliothèque : {how}</translation>
    </message>
    <message>
        <source>put {key_file} back: {how}</source>
        <translation>remettez {key_file} en place : {how}</translation>
    </message>
    <message>
        <source>quality</source>
        <translation>qualité</translation>
    </message>
    <message>
        <source>quality {quality}</source>
        <translation>qualité {quality}</translation>
    </message>
    <message>
        <source>rapid acetowhitening</source>
        <translation>blanchiment acétique rapide</translation>
    </message>
    <message>
        <source>read</source>
        <comment>kind of record</comment>
        <translation>lecture</translation>
    </message>
    <message>
        <source>read only</source>
        <translation>lecture seule</translation>
    </message>
    <message>
        <source>read the audit trail</source>
        <translation>lire la piste d’audit</translation>
    </message>
    <message>
        <source>read the picture again</source>
        <translation>lisez de nouveau l’image</translation>
    </message>
    <message>
        <source>readers differ, and nobody has decided between them</source>
        <translation>les lecteurs divergent, et personne n’a arbitré entre eux</translation>
    </message>
    <message>
        <source>readers say that it cannot be graded</source>
        <translation>les lecteurs disent qu’aucun grade ne peut lui être attribué</translation>
    </message>
    <message>
        <source>reads for labels and decisions between readers are written</source>
        <translation>les lectures pour étiquettes et les arbitrages entre lecteurs sont écrits</translation>
    </message>
    <message>
        <source>reads for labels are written</source>
        <translation>les lectures pour étiquettes sont écrites</translation>
    </message>
    <message>
        <source>reads {reads}</source>
        <translation>lectures {reads}</translation>
    </message>
    <message>
        <source>reason why it is inadequate</source>
        <translation>motif de l’examen non satisfaisant</translation>
    </message>
    <message>
        <source>reason: {reason}</source>
        <translation>motif : {reason}</translation>
    </message>
    <message>
        <source>record a second read instead</source>
        <translation>consignez plutôt une seconde lecture</translation>
    </message>
    <message>
        <source>recording ended by an error of the program</source>
        <translation>enregistrement terminé par une erreur du programme</translation>
    </message>
    <message>
        <source>recording ended: {why}; {kept}</source>
        <translation>enregistrement terminé : {why} ; {kept}</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is missing: line {line} of the audit trail is the last about it</source>
        <translation>données : élément « {kind} » {name} manquant : la ligne {line} de la piste d’audit est la dernière à son sujet</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not in the audit trail</source>
        <translation>données : élément « {kind} » {name} absent de la piste d’audit</translation>
    </message>
    <message>
        <source>records: the {kind} {name} is not what the audit trail says (line {line} is the last about it): {fields}</source>
        <translation>données : l’élément « {kind} » {name} n’est pas conforme à la piste d’audit (la ligne {line} est la dernière à son sujet) : {fields}</translation>
    </message>
    <message>
        <source>records: the {kind} {name} was removed (line {line} of the audit trail), and is there</source>
        <translation>données : l’élément « {kind} » {name} a été supprimé (ligne {line} de la piste d’audit), mais il est présent</translation>
    </message>
    <message>
        <source>records: those of the kind {kind} cannot be read: {why}</source>
        <translation>données : les éléments du type « {kind} » ne peuvent pas être lus : {why}</translation>
    </message>
    <message>
        <source>records: {count} more are not what the audit trail says</source>
        <translation>données : {count} autres éléments ne sont pas conformes à la piste d’audit</translation>
    </message>
    <message>
        <source>red</source>
        <comment>light</comment>
        <translation>rouge</translation>
    </message>
    <message>
        <source>referral</source>
        <comment>kind of record</comment>
        <translation>adressage</translation>
    </message>
    <message>
        <source>refused</source>
        <comment>registration</comment>
        <translation>refusé</translation>
    </message>
    <message>
        <source>register the pair again</source>
        <translation>recalez de nouveau la paire</translation>
    </message>
    <message>
        <source>register the pair again, or place points by hand</source>
        <translation>recalez de nouveau la paire, ou placez des points à la main</translation>
    </message>
    <message>
        <source>registered</source>
        <translation>recalée</translation>
    </message>
    <message>
        <source>registered: {status}</source>
        <translation>recalée : {status}</translation>
    </message>
    <message>
        <source>registered: {status}, estimated error {error:.1f} px</source>
        <translation>recalée : {status}, erreur estimée {error:.1f} px</translation>
    </message>
    <message>
        <source>registering ...</source>
        <translation>recalage en cours ...</translation>
    </message>
    <message>
        <source>registering needs both pictures</source>
        <translation>le recalage nécessite les deux images</translation>
    </message>
    <message>
        <source>registration</source>
        <translation>recalage</translation>
    </message>
    <message>
        <source>registration</source>
        <comment>kind of record</comment>
        <translation>recalage</translation>
    </message>
    <message>
        <source>registration uncertain</source>
        <translation>recalage incertain</translation>
    </message>
    <message>
        <source>remove</source>
        <translation>retirer</translation>
    </message>
    <message>
        <source>remove her in the list, with them</source>
        <translation>supprimez la patiente dans la liste, avec ses allergies</translation>
    </message>
    <message>
        <source>remove it in the list of visits, with that</source>
        <translation>supprimez-la dans la liste des consultations, avec cela</translation>
    </message>
    <message>
        <source>remove it in the visit, with that</source>
        <translation>supprimez-la dans la consultation, avec cela</translation>
    </message>
    <message>
        <source>remove or rename the folder {folder}: then {name} {version} answers, which came with the program</source>
        <translation>supprimez ou renommez le dossier {folder} : c’est alors {name} {version}, fourni avec le programme, qui répond</translation>
    </message>
    <message>
        <source>remove the contours first</source>
        <translation>supprimez d’abord les contours</translation>
    </message>
    <message>
        <source>remove the contours first, and draw them where the picture belongs</source>
        <translation>supprimez d’abord les contours, et dessinez-les là où l’image a sa place</translation>
    </message>
    <message>
        <source>remove the drawing first</source>
        <translation>supprimez d’abord le dessin</translation>
    </message>
    <message>
        <source>remove the os mark first</source>
        <translation>supprimez d’abord la marque de l’orifice</translation>
    </message>
    <message>
        <source>remove the pair first</source>
        <translation>supprimez d’abord la paire</translation>
    </message>
    <message>
        <source>remove the picture here instead</source>
        <translation>supprimez plutôt l’image ici</translation>
    </message>
    <message>
        <source>remove the pins first</source>
        <translation>supprimez d’abord les repères</translation>
    </message>
    <message>
        <source>remove the pins on one side first</source>
        <translation>supprimez d’abord les repères d’un côté</translation>
    </message>
    <message>
        <source>remove what was measured first</source>
        <translation>supprimez d’abord ce qui a été mesuré</translation>
    </message>
    <message>
        <source>rename the folder, or choose another one</source>
        <translation>renommez le dossier, ou choisissez-en un autre</translation>
    </message>
    <message>
        <source>replaced</source>
        <comment>state of a run</comment>
        <translation>remplacé</translation>
    </message>
    <message>
        <source>replaced by a later one</source>
        <translation>remplacé par un plus récent</translation>
    </message>
    <message>
        <source>report as PDF</source>
        <translation>compte rendu en PDF</translation>
    </message>
    <message>
        <source>restore the library from a backup (pfm library restore)</source>
        <translation>restaurez la bibliothèque à partir d’une sauvegarde (pfm library restore)</translation>
    </message>
    <message>
        <source>result</source>
        <comment>kind of record</comment>
        <translation>résultat</translation>
    </message>
    <message>
        <source>results pot by pot and the follow-up</source>
        <translation>résultats pot par pot et suivi</translation>
    </message>
    <message>
        <source>retake or replace the pictures</source>
        <translation>refaites ou remplacez les images</translation>
    </message>
    <message>
        <source>retake the pictures</source>
        <translation>refaites les images</translation>
    </message>
    <message>
        <source>reveal the AI answer first</source>
        <translation>révélez d’abord la réponse de l’IA</translation>
    </message>
    <message>
        <source>ridge sign</source>
        <translation>signe de la crête</translation>
    </message>
    <message>
        <source>right</source>
        <comment>side of the patient</comment>
        <translation>droite</translation>
    </message>
    <message>
        <source>right</source>
        <comment>where to swing</comment>
        <translation>vers la droite</translation>
    </message>
    <message>
        <source>roll back where it answers, or choose a model in Models</source>
        <translation>revenez au modèle précédent là où celui-ci répond, ou choisissez un modèle dans Modèles</translation>
    </message>
    <message>
        <source>rolled back</source>
        <comment>state of a run</comment>
        <translation>retour en arrière</translation>
    </message>
    <message>
        <source>rolled back</source>
        <translation>retour en arrière effectué</translation>
    </message>
    <message>
        <source>running</source>
        <comment>state of a run</comment>
        <translation>en cours</translation>
    </message>
    <message>
        <source>s after acid</source>
        <translation>s après l’acide</translation>
    </message>
    <message>
        <source>said</source>
        <comment>how sure</comment>
        <translation>indiqué</translation>
    </message>
    <message>
        <source>saline</source>
        <translation>sérum physiologique</translation>
    </message>
    <message>
        <source>same grade as the AI</source>
        <translation>même grade que l’IA</translation>
    </message>
    <message>
        <source>save it with commas</source>
        <translation>enregistrez-le avec des virgules</translation>
    </message>
    <message>
        <source>save its pictures as files of their own</source>
        <translation>enregistrez ses images dans des fichiers séparés</translation>
    </message>
    <message>
        <source>save single pictures of the examination, or the video as AVI or MKV with MJPG or FFV1</source>
        <translation>enregistrez des images isolées de l’examen, ou la vidéo en AVI ou MKV avec MJPG ou FFV1</translation>
    </message>
    <message>
        <source>say first whose this visit is</source>
        <translation>indiquez d’abord de qui est cette consultation</translation>
    </message>
    <message>
        <source>say it in one line</source>
        <translation>dites-le en une ligne</translation>
    </message>
    <message>
        <source>say which</source>
        <translation>indiquez lequel des deux</translation>
    </message>
    <message>
        <source>scar</source>
        <translation>cicatrice</translation>
    </message>
    <message>
        <source>screenshot</source>
        <translation>capture d’écran</translation>
    </message>
    <message>
        <source>search for something else</source>
        <translation>cherchez autre chose</translation>
    </message>
    <message>
        <source>seconds after acetic acid</source>
        <translation>secondes après l’acide acétique</translation>
    </message>
    <message>
        <source>seconds after acid</source>
        <translation>secondes après l’acide</translation>
    </message>
    <message>
        <source>seconds after acid ({why})</source>
        <translation>secondes après l’acide ({why})</translation>
    </message>
    <message>
        <source>seconds after acid, if known</source>
        <translation>secondes après l’acide, si connues</translation>
    </message>
    <message>
        <source>see names, findings and histology</source>
        <translation>voir les noms, les constatations et l’histologie</translation>
    </message>
    <message>
        <source>seems to lie on its side</source>
        <translation>semble couchée sur le côté</translation>
    </message>
    <message>
        <source>semicolons (;)</source>
        <translation>points-virgules (;)</translation>
    </message>
    <message>
        <source>sent</source>
        <comment>letter</comment>
        <translation>envoyé</translation>
    </message>
    <message>
        <source>set a pin where it is taken</source>
        <translation>placez un repère là où elle est faite</translation>
    </message>
    <message>
        <source>set by hand</source>
        <translation>indiqué à la main</translation>
    </message>
    <message>
        <source>set it at the camera</source>
        <translation>faites ce réglage sur la caméra</translation>
    </message>
    <message>
        <source>set it by hand</source>
        <translation>faites ce réglage à la main</translation>
    </message>
    <message>
        <source>set its PixelFormat to RGB8 or BayerRG8</source>
        <translation>réglez son PixelFormat sur RGB8 ou BayerRG8</translation>
    </message>
    <message>
        <source>set the clock of the computer where it is wrong; else ask for a newer update file</source>
        <translation>réglez l’horloge de l’ordinateur si elle est fausse ; sinon demandez un fichier de mise à jour plus récent</translation>
    </message>
    <message>
        <source>several names</source>
        <translation>plusieurs noms</translation>
    </message>
    <message>
        <source>sharp</source>
        <translation>nette</translation>
    </message>
    <message>
        <source>sharp border</source>
        <translation>bord net</translation>
    </message>
    <message>
        <source>she has a pseudonym in exports for research, and it must stay known whose it is</source>
        <translation>elle a un pseudonyme dans des exports pour la recherche, et il doit rester connu que c’est le sien</translation>
    </message>
    <message>
        <source>shorten it in the patient's record</source>
        <translation>raccourcissez-le dans le dossier de la patiente</translation>
    </message>
    <message>
        <source>shows mucus or blood over the os</source>
        <translation>montre du mucus ou du sang sur l’orifice</translation>
    </message>
    <message>
        <source>shows no cervix</source>
        <translation>ne montre pas de col</translation>
    </message>
    <message>
        <source>shows nothing</source>
        <translation>ne montre rien</translation>
    </message>
    <message>
        <source>shows the cervix from too far away</source>
        <translation>montre le col de trop loin</translation>
    </message>
    <message>
        <source>shows the os far from its middle</source>
        <translation>montre l’orifice loin de son centre</translation>
    </message>
    <message>
        <source>sign in with your name and password</source>
        <translation>connectez-vous avec votre nom et votre mot de passe</translation>
    </message>
    <message>
        <source>sign out, and let who signs sign in</source>
        <translation>déconnectez-vous, et laissez la personne qui signe se connecter</translation>
    </message>
    <message>
        <source>sign visits</source>
        <translation>signer les consultations</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>a visit</comment>
        <translation>signée</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a report</comment>
        <translation>signé</translation>
    </message>
    <message>
        <source>signed</source>
        <comment>state of a visit</comment>
        <translation>signée</translation>
    </message>
    <message>
        <source>signed impression</source>
        <translation>impression signée</translation>
    </message>
    <message>
        <source>signed impression, after AI</source>
        <translation>impression signée, après l’IA</translation>
    </message>
    <message>
        <source>signed report</source>
        <translation>compte rendu signé</translation>
    </message>
    <message>
        <source>signs by IFCPC 2011 and scores of each lesion</source>
        <translation>signes selon l’IFCPC 2011 et scores de chaque lésion</translation>
    </message>
    <message>
        <source>silver nitrate</source>
        <translation>nitrate d’argent</translation>
    </message>
    <message>
        <source>site choice</source>
        <comment>kind of record</comment>
        <translation>choix du centre</translation>
    </message>
    <message>
        <source>some glare: tilt the light</source>
        <translation>quelques reflets : inclinez la lumière</translation>
    </message>
    <message>
        <source>some of it is brighter than the rest</source>
        <translation>une partie est plus claire que le reste</translation>
    </message>
    <message>
        <source>somebody has graded its pair for labels</source>
        <translation>quelqu’un a attribué un grade à sa paire pour les étiquettes</translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Taken with</comment>
        <translation>autre</translation>
    </message>
    <message>
        <source>something else</source>
        <comment>Haemostasis</comment>
        <translation>autre</translation>
    </message>
    <message>
        <source>something else is being written to it</source>
        <translation>autre chose y est en cours d’écriture</translation>
    </message>
    <message>
        <source>something is drawn on the picture</source>
        <translation>quelque chose est dessiné sur l’image</translation>
    </message>
    <message>
        <source>something is on record of the follow-up of the visit</source>
        <translation>quelque chose est consigné sur le suivi de la consultation</translation>
    </message>
    <message>
        <source>something was found in the examination of the visit</source>
        <translation>des constatations ont été faites à l’examen de la consultation</translation>
    </message>
    <message>
        <source>specificity for HSIL+ as graded</source>
        <translation>spécificité pour HSIL+ selon le grade attribué</translation>
    </message>
    <message>
        <source>specimen</source>
        <comment>kind of record</comment>
        <translation>prélèvement</translation>
    </message>
    <message>
        <source>spoken</source>
        <comment>Consent</comment>
        <translation>oral</translation>
    </message>
    <message>
        <source>spread them over the cervix</source>
        <translation>répartissez-les sur le col</translation>
    </message>
    <message>
        <source>squamous cell carcinoma</source>
        <translation>carcinome épidermoïde</translation>
    </message>
    <message>
        <source>squamous epithelium, atrophic</source>
        <translation>épithélium malpighien, atrophique</translation>
    </message>
    <message>
        <source>squamous epithelium, mature</source>
        <translation>épithélium malpighien, mature</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>étape</translation>
    </message>
    <message numerus="yes">
        <source>stage of %n picture(s)</source>
        <translation>
            <numerusform>étape de %n image</numerusform>
            <numerusform>étape de %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>stained</source>
        <comment>Lugol's iodine</comment>
        <translation>coloré</translation>
    </message>
    <message>
        <source>stalled</source>
        <translation>bloquée</translation>
    </message>
    <message>
        <source>start it again to see it again</source>
        <translation>relancez-la pour la revoir</translation>
    </message>
    <message>
        <source>start its clock in Capture</source>
        <translation>lancez son chronomètre dans Acquisition</translation>
    </message>
    <message>
        <source>start the clock anew only where acid was applied once more</source>
        <translation>ne relancez le chronomètre que si l’acide a été appliqué une nouvelle fois</translation>
    </message>
    <message>
        <source>start the program of that version</source>
        <translation>démarrez le programme de cette version</translation>
    </message>
    <message>
        <source>start this as the user who installed the update; a library that a newer version opened is brought back with --library FOLDER</source>
        <translation>lancez ceci en tant que l’utilisateur qui a installé la mise à jour ; une bibliothèque qu’une version plus récente a ouverte se ramène avec --library FOLDER</translation>
    </message>
    <message>
        <source>start this as who installed the program</source>
        <translation>lancez ceci en tant que celui qui a installé le programme</translation>
    </message>
    <message>
        <source>starts the clock</source>
        <translation>lance le chronomètre</translation>
    </message>
    <message>
        <source>stay on the picture</source>
        <translation>restez sur l’image</translation>
    </message>
    <message>
        <source>stayed white</source>
        <translation>resté blanc</translation>
    </message>
    <message>
        <source>stenosis</source>
        <translation>sténose</translation>
    </message>
    <message>
        <source>sterilisation</source>
        <translation>stérilisation</translation>
    </message>
    <message>
        <source>structured report</source>
        <translation>compte rendu structuré</translation>
    </message>
    <message>
        <source>structured report and registration</source>
        <translation>compte rendu structuré et recalage</translation>
    </message>
    <message>
        <source>structures disagree</source>
        <translation>structures discordantes</translation>
    </message>
    <message>
        <source>structures not compared</source>
        <translation>structures non comparées</translation>
    </message>
    <message>
        <source>subtotal</source>
        <comment>Hysterectomy</comment>
        <translation>subtotale</translation>
    </message>
    <message>
        <source>such as 14 Mar 1985 or 1985-03-14</source>
        <translation>comme 14 mars 1985 ou 1985-03-14</translation>
    </message>
    <message>
        <source>supports treatment at the first visit</source>
        <translation>en faveur d’un traitement dès la première consultation</translation>
    </message>
    <message>
        <source>suppressed otherwise</source>
        <translation>immunodéprimée pour une autre cause</translation>
    </message>
    <message>
        <source>suspicious cervix</source>
        <translation>col suspect</translation>
    </message>
    <message>
        <source>switch it off</source>
        <translation>désactivez-le</translation>
    </message>
    <message>
        <source>switch it off and on, try again</source>
        <translation>éteignez-la et rallumez-la, puis réessayez</translation>
    </message>
    <message>
        <source>switched off</source>
        <translation>désactivé</translation>
    </message>
    <message>
        <source>tabs</source>
        <translation>tabulations</translation>
    </message>
    <message>
        <source>take a dark frame at these settings</source>
        <translation>prenez une image noire avec ces réglages</translation>
    </message>
    <message>
        <source>take a white-light picture</source>
        <translation>prenez une image en lumière blanche</translation>
    </message>
    <message>
        <source>take back her visits first</source>
        <translation>retirez d’abord ses consultations</translation>
    </message>
    <message>
        <source>take it again</source>
        <translation>refaites-la</translation>
    </message>
    <message>
        <source>take it away first</source>
        <translation>retirez-le d’abord</translation>
    </message>
    <message>
        <source>take its result back first</source>
        <translation>retirez d’abord son résultat</translation>
    </message>
    <message>
        <source>take pictures and records out of the library</source>
        <translation>sortir des images et des données de la bibliothèque</translation>
    </message>
    <message>
        <source>take the pair again</source>
        <translation>refaites la paire</translation>
    </message>
    <message>
        <source>take those results back first</source>
        <translation>retirez d’abord ces résultats</translation>
    </message>
    <message>
        <source>take {count} letters or more; four words that do not belong together are good, and easy to keep</source>
        <translation>prenez {count} caractères ou plus ; quatre mots sans rapport entre eux conviennent bien et se retiennent facilement</translation>
    </message>
    <message>
        <source>taken after a picture with acetic acid</source>
        <translation>prise après une image avec acide acétique</translation>
    </message>
    <message>
        <source>taken at ({why})</source>
        <translation>heure de prise ({why})</translation>
    </message>
    <message>
        <source>taken at: not known</source>
        <translation>heure de prise : inconnue</translation>
    </message>
    <message>
        <source>taken {apart:.0f} s apart</source>
        <translation>prises à {apart:.0f} s d’intervalle</translation>
    </message>
    <message>
        <source>taken {when}</source>
        <translation>prélevé le {when}</translation>
    </message>
    <message numerus="yes">
        <source>taking %n picture(s)</source>
        <translation>
            <numerusform>acceptation de %n image</numerusform>
            <numerusform>acceptation de %n images</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>taking in %n picture(s)</source>
        <translation>
            <numerusform>inclusion de %n image</numerusform>
            <numerusform>inclusion de %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>task</source>
        <comment>kind of record</comment>
        <translation>tâche</translation>
    </message>
    <message>
        <source>tell whoever gave you the update file</source>
        <translation>dites-le à la personne qui vous a donné le fichier de mise à jour</translation>
    </message>
    <message>
        <source>that is before {year}</source>
        <translation>c’est avant {year}</translation>
    </message>
    <message>
        <source>that is still to come</source>
        <translation>c’est encore à venir</translation>
    </message>
    <message numerus="yes">
        <source>the %n points that were placed were not applied and are gone</source>
        <translation>
            <numerusform>%n point placé n’a pas été appliqué et est perdu</numerusform>
            <numerusform>les %n points placés n’ont pas été appliqués et sont perdus</numerusform>
        </translation>
    </message>
    <message>
        <source>the AI answer about its pair was revealed</source>
        <translation>la réponse de l’IA sur sa paire a été révélée</translation>
    </message>
    <message>
        <source>the AI answer alone</source>
        <translation>la réponse de l’IA seule</translation>
    </message>
    <message>
        <source>the AI answer of this visit was revealed before</source>
        <translation>la réponse de l’IA pour cette consultation a déjà été révélée</translation>
    </message>
    <message>
        <source>the AI answer stays hidden until there is a first read</source>
        <translation>la réponse de l’IA reste masquée jusqu’à une première lecture</translation>
    </message>
    <message>
        <source>the AI is indeterminate</source>
        <translation>l’IA est indéterminée</translation>
    </message>
    <message>
        <source>the Reid index has no item {key!r}</source>
        <translation>l’index de Reid n’a pas d’élément {key!r}</translation>
    </message>
    <message>
        <source>the SCJ line</source>
        <translation>la ligne de la JPC</translation>
    </message>
    <message>
        <source>the Swede score has no item {key!r}</source>
        <translation>le score de Swede n’a pas d’élément {key!r}</translation>
    </message>
    <message>
        <source>the account {name} was switched off</source>
        <translation>le compte {name} a été désactivé</translation>
    </message>
    <message>
        <source>the answer that was revealed is not kept</source>
        <translation>la réponse révélée n’est pas conservée</translation>
    </message>
    <message>
        <source>the audit trail was not exported: this library is open for reading only, and an export must go on record</source>
        <translation>la piste d’audit n’a pas été exportée : cette bibliothèque est ouverte en lecture seule, et un export doit être consigné</translation>
    </message>
    <message>
        <source>the backup is unchanged</source>
        <translation>la sauvegarde est inchangée</translation>
    </message>
    <message>
        <source>the backup is unchanged, and no library was made</source>
        <translation>la sauvegarde est inchangée, et aucune bibliothèque n’a été créée</translation>
    </message>
    <message>
        <source>the backup is unchanged; its snapshots and pictures are there, encrypted</source>
        <translation>la sauvegarde est inchangée ; ses instantanés et ses images sont là, chiffrés</translation>
    </message>
    <message>
        <source>the backup {folder} is being written</source>
        <translation>la sauvegarde {folder} est en cours d’écriture</translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is after the visit of {day}</source>
        <translation>la date de naissance consignée pour {identifier} ({birth}) est postérieure à la consultation du {day}</translation>
    </message>
    <message>
        <source>the birth date on record for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation>la date de naissance consignée pour {identifier} ({birth}) précède de plus de {years} ans la consultation du {day}</translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is after the visit of {day}</source>
        <translation>la date de naissance indiquée pour {identifier} ({birth}) est postérieure à la consultation du {day}</translation>
    </message>
    <message>
        <source>the birth date said for {identifier} ({birth}) is more than {years} years before the visit of {day}</source>
        <translation>la date de naissance indiquée pour {identifier} ({birth}) précède de plus de {years} ans la consultation du {day}</translation>
    </message>
    <message>
        <source>the board lies aslant: its squares differ by {spread:.0%}</source>
        <translation>le damier est incliné : ses carrés diffèrent de {spread:.0%}</translation>
    </message>
    <message>
        <source>the box {left}, {top}, {right}, {bottom} covers nothing of its picture</source>
        <translation>le cadre {left}, {top}, {right}, {bottom} ne couvre rien de son image</translation>
    </message>
    <message>
        <source>the camera could not be set for fluorescence: {problem}</source>
        <translation>la caméra n’a pas pu être réglée pour la fluorescence : {problem}</translation>
    </message>
    <message>
        <source>the camera does not answer</source>
        <translation>la caméra ne répond pas</translation>
    </message>
    <message>
        <source>the camera failed in a way that nobody foresaw ({kind})</source>
        <translation>la caméra a échoué d’une manière que personne n’avait prévue ({kind})</translation>
    </message>
    <message>
        <source>the camera gives only damaged pictures</source>
        <translation>la caméra ne donne que des images endommagées</translation>
    </message>
    <message>
        <source>the camera is not open</source>
        <translation>la caméra n’est pas ouverte</translation>
    </message>
    <message>
        <source>the camera sends {coding}, which is not read</source>
        <translation>la caméra envoie du {coding}, qui n’est pas lu</translation>
    </message>
    <message>
        <source>the card is as it was</source>
        <translation>la fiche est restée telle quelle</translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({error})</source>
        <translation>la fiche {path} ne peut pas être lue ({error})</translation>
    </message>
    <message>
        <source>the card {path} cannot be read ({reason})</source>
        <translation>la fiche {path} ne peut pas être lue ({reason})</translation>
    </message>
    <message>
        <source>the clinic's number</source>
        <translation>n° de dossier</translation>
    </message>
    <message>
        <source>the clock of acetic acid does not run</source>
        <translation>le chronomètre de l’acide acétique ne tourne pas</translation>
    </message>
    <message>
        <source>the closing words of a report have at most {most} characters</source>
        <translation>le texte final d’un compte rendu a {most} caractères au plus</translation>
    </message>
    <message>
        <source>the contour would enclose nothing</source>
        <translation>le contour n’entourerait rien</translation>
    </message>
    <message>
        <source>the corner leaves the picture</source>
        <translation>le sommet sort de l’image</translation>
    </message>
    <message>
        <source>the dark frame is {width} x {height} pixels, the picture {its_width} x {its_height}</source>
        <translation>l’image noire fait {width} x {height} pixels, l’image {its_width} x {its_height}</translation>
    </message>
    <message>
        <source>the dark frame was taken with {setting} {value}, the picture with {other}</source>
        <translation>l’image noire a été prise avec {setting} {value}, l’image avec {other}</translation>
    </message>
    <message>
        <source>the database could not be completed</source>
        <translation>la base de données n’a pas pu être achevée</translation>
    </message>
    <message>
        <source>the database of the library {library} cannot be opened</source>
        <translation>la base de données de la bibliothèque {library} ne peut pas être ouverte</translation>
    </message>
    <message>
        <source>the database of the library {library} does not open with its keys</source>
        <translation>la base de données de la bibliothèque {library} ne s’ouvre pas avec ses clés</translation>
    </message>
    <message>
        <source>the database of the library {library} is damaged</source>
        <translation>la base de données de la bibliothèque {library} est endommagée</translation>
    </message>
    <message>
        <source>the database that was to be copied is damaged</source>
        <translation>la base de données à copier est endommagée</translation>
    </message>
    <message>
        <source>the dates would not be moved</source>
        <translation>les dates ne seraient pas décalées</translation>
    </message>
    <message>
        <source>the day on which a clock begins anew when its battery was empty</source>
        <translation>le jour à partir duquel une horloge repart quand sa pile était vide</translation>
    </message>
    <message>
        <source>the demo library is being made</source>
        <translation>la bibliothèque de démonstration est en cours de création</translation>
    </message>
    <message>
        <source>the device at {name} takes no connection there</source>
        <translation>l’appareil à {name} n’y accepte pas de connexion</translation>
    </message>
    <message>
        <source>the disk did not take its end in time</source>
        <translation>le disque n’en a pas reçu la fin à temps</translation>
    </message>
    <message>
        <source>the disk does not lock files ({why})</source>
        <translation>le disque ne verrouille pas les fichiers ({why})</translation>
    </message>
    <message>
        <source>the disk that holds it is full</source>
        <translation>le disque qui la contient est plein</translation>
    </message>
    <message>
        <source>the disk that holds {library} is full</source>
        <translation>le disque qui contient {library} est plein</translation>
    </message>
    <message>
        <source>the disk that the video is written to is full</source>
        <translation>le disque sur lequel la vidéo est écrite est plein</translation>
    </message>
    <message>
        <source>the earlier picture shows no structure</source>
        <translation>l’image antérieure ne montre aucune structure</translation>
    </message>
    <message>
        <source>the earlier program is gone: {folder}</source>
        <translation>le programme précédent n’est plus là : {folder}</translation>
    </message>
    <message>
        <source>the earlier version is in use as before</source>
        <translation>la version précédente reste utilisée comme avant</translation>
    </message>
    <message>
        <source>the end of the recording was not kept: {why}</source>
        <translation>la fin de l’enregistrement n’a pas été conservée : {why}</translation>
    </message>
    <message>
        <source>the engine refuses its pictures</source>
        <translation>le moteur refuse ses images</translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {file}</source>
        <translation>l’export n’a pas été achevé, et ce qui en a été écrit n’a pas pu être supprimé : {file}</translation>
    </message>
    <message>
        <source>the export was not completed, and what was written of it could not be removed: {folder}</source>
        <translation>l’export n’a pas été achevé, et ce qui en a été écrit n’a pas pu être supprimé : {folder}</translation>
    </message>
    <message>
        <source>the features of {source} are no numbers, or not those that the model was measured with</source>
        <translation>les caractéristiques de {source} ne sont pas des nombres, ou pas celles avec lesquelles le modèle a été mesuré</translation>
    </message>
    <message>
        <source>the file</source>
        <translation>le fichier</translation>
    </message>
    <message>
        <source>the file does not end with its signature: the end was cut off, or something was added to it</source>
        <translation>le fichier ne se termine pas par sa signature : la fin a été coupée, ou quelque chose y a été ajouté</translation>
    </message>
    <message>
        <source>the file ends after its first line: the rest was cut off</source>
        <translation>le fichier se termine après sa première ligne : le reste a été coupé</translation>
    </message>
    <message>
        <source>the file has format version {theirs}, this program knows {ours}: update it</source>
        <translation>le fichier est au format de version {theirs}, ce programme connaît {ours} : mettez-le à jour</translation>
    </message>
    <message>
        <source>the file holds {lines} lines of the trail, and {written} were written</source>
        <translation>le fichier contient {lines} lignes de la piste, et {written} ont été écrites</translation>
    </message>
    <message>
        <source>the file is empty</source>
        <translation>le fichier est vide</translation>
    </message>
    <message>
        <source>the file says that the picture was made from another one; it may be drawn over</source>
        <translation>le fichier indique que l’image a été faite à partir d’une autre ; il peut y avoir des éléments dessinés dessus</translation>
    </message>
    <message>
        <source>the file says that words are drawn into the picture; they may name the patient</source>
        <translation>le fichier indique que du texte est incrusté dans l’image ; il peut nommer la patiente</translation>
    </message>
    <message>
        <source>the file was signed with another key: its fingerprint is {fingerprint}, and not {expected}</source>
        <translation>le fichier a été signé avec une autre clé : son empreinte est {fingerprint}, et non {expected}</translation>
    </message>
    <message>
        <source>the file's name</source>
        <translation>le nom du fichier</translation>
    </message>
    <message>
        <source>the file's name {name}</source>
        <translation>le nom du fichier {name}</translation>
    </message>
    <message>
        <source>the file's own record</source>
        <translation>l’enregistrement propre au fichier</translation>
    </message>
    <message>
        <source>the file's own record says so</source>
        <translation>l’enregistrement propre au fichier l’indique</translation>
    </message>
    <message>
        <source>the file's own record says the day only</source>
        <translation>l’enregistrement propre au fichier n’indique que le jour</translation>
    </message>
    <message>
        <source>the findings are unchanged</source>
        <translation>les constatations sont inchangées</translation>
    </message>
    <message>
        <source>the first line does not say that this is an export of an audit trail</source>
        <translation>la première ligne n’indique pas qu’il s’agit d’un export d’une piste d’audit</translation>
    </message>
    <message>
        <source>the first line holds no public key</source>
        <translation>la première ligne ne contient pas de clé publique</translation>
    </message>
    <message>
        <source>the first line is not what an export of an audit trail begins with</source>
        <translation>la première ligne n’est pas celle par laquelle commence un export d’une piste d’audit</translation>
    </message>
    <message>
        <source>the first line must be {columns} (more columns do no harm)</source>
        <translation>la première ligne doit être {columns} (des colonnes en plus ne gênent pas)</translation>
    </message>
    <message>
        <source>the first or the last line is not the one that the first line of the file names</source>
        <translation>la première ou la dernière ligne n’est pas celle que nomme la première ligne du fichier</translation>
    </message>
    <message>
        <source>the first picture shows no structure</source>
        <translation>la première image ne montre aucune structure</translation>
    </message>
    <message>
        <source>the first read is unchanged</source>
        <translation>la première lecture est inchangée</translation>
    </message>
    <message>
        <source>the fluorescence picture</source>
        <translation>l’image en fluorescence</translation>
    </message>
    <message>
        <source>the fluorescence picture shows no structure</source>
        <translation>l’image en fluorescence ne montre aucune structure</translation>
    </message>
    <message>
        <source>the folder cannot be looked into: {problem}</source>
        <translation>le contenu du dossier ne peut pas être consulté : {problem}</translation>
    </message>
    <message>
        <source>the folder cannot be written: {why}</source>
        <translation>le dossier ne peut pas être écrit : {why}</translation>
    </message>
    <message>
        <source>the folder holds more than {count:,} files: give its parts one by one</source>
        <translation>le dossier contient plus de {count:,} fichiers : donnez ses parties une par une</translation>
    </message>
    <message>
        <source>the folder is not there any more</source>
        <translation>le dossier n’est plus là</translation>
    </message>
    <message>
        <source>the folder {folder} is not empty</source>
        <translation>le dossier {folder} n’est pas vide</translation>
    </message>
    <message>
        <source>the folder {name}</source>
        <translation>le dossier {name}</translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {problem}</source>
        <translation>le contenu du dossier {path} ne peut pas être consulté : {problem}</translation>
    </message>
    <message>
        <source>the folder {path} cannot be looked into: {why}</source>
        <translation>le contenu du dossier {path} ne peut pas être consulté : {why}</translation>
    </message>
    <message>
        <source>the frame is of another size</source>
        <translation>l’image est d’une autre taille</translation>
    </message>
    <message>
        <source>the frames do not show this normal tissue without glare</source>
        <translation>les images ne montrent pas ce tissu normal sans reflets</translation>
    </message>
    <message>
        <source>the frames do not show this place without glare</source>
        <translation>les images ne montrent pas cet emplacement sans reflets</translation>
    </message>
    <message>
        <source>the frames for a dark frame are not of one size</source>
        <translation>les images destinées à une image noire ne sont pas toutes de la même taille</translation>
    </message>
    <message>
        <source>the head of {file} cannot be read</source>
        <translation>l’en-tête de {file} ne peut pas être lu</translation>
    </message>
    <message>
        <source>the heading of a report have at most {most} characters</source>
        <translation>l’en-tête d’un compte rendu a {most} caractères au plus</translation>
    </message>
    <message>
        <source>the identifier of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>l’identifiant de la patiente ou de la demande dépasse les {longest} caractères admis par DICOM</translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}</source>
        <translation>l’identifiant {identifier} appartient déjà à {name}</translation>
    </message>
    <message>
        <source>the identifier {identifier} already belongs to {name}, on record as {other}</source>
        <translation>l’identifiant {identifier} appartient déjà à {name}, consignée comme {other}</translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record for {name}, and folder or file say {other}</source>
        <translation>l’identifiant {identifier} est consigné pour {name}, et le dossier ou le fichier indique {other}</translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s) and without the {missing} said here</source>
        <translation>
            <numerusform>l’identifiant {identifier} est consigné avec %n image, mais sans ce qui est indiqué ici : {missing}</numerusform>
            <numerusform>l’identifiant {identifier} est consigné avec %n images, mais sans ce qui est indiqué ici : {missing}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>the identifier {identifier} is on record with %n picture(s), and {names} within it may be another woman</source>
        <translation>
            <numerusform>l’identifiant {identifier} est consigné avec %n image, et il peut y avoir dessous une autre patiente : {names}</numerusform>
            <numerusform>l’identifiant {identifier} est consigné avec %n images, et il peut y avoir parmi elles une autre patiente : {names}</numerusform>
        </translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another birth date than {birth}</source>
        <translation>l’identifiant {identifier} est consigné avec une autre date de naissance que {birth}</translation>
    </message>
    <message>
        <source>the identifier {identifier} is on record with another name or birth date</source>
        <translation>l’identifiant {identifier} est consigné avec un autre nom ou une autre date de naissance</translation>
    </message>
    <message>
        <source>the identifier {identifier} is said to be {name}'s, and folder or file say {other}</source>
        <translation>l’identifiant {identifier} est indiqué comme celui de {name}, et le dossier ou le fichier indique {other}</translation>
    </message>
    <message>
        <source>the installer of version {version} is not kept by the program</source>
        <translation>le programme d’installation de la version {version} n’est pas conservé par le programme</translation>
    </message>
    <message>
        <source>the kept plan cannot be read</source>
        <translation>le protocole conservé ne peut pas être lu</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}), and no other in {folder} is whole</source>
        <translation>le fichier de clés de l’instantané {snapshot} {harm} ({file}), et aucun autre dans {folder} n’est intact</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): pfm library restore brings it back with that of another one, with the names and passwords of that day</source>
        <translation>le fichier de clés de l’instantané {snapshot} {harm} ({file}) : pfm library restore restaure celui-ci avec le fichier d’un autre instantané, avec les noms et les mots de passe de ce jour-là</translation>
    </message>
    <message>
        <source>the key file of the snapshot {snapshot} {harm} ({file}): that of {other} is used, which opens it as well, with the names and passwords of that day</source>
        <translation>le fichier de clés de l’instantané {snapshot} {harm} ({file}) : celui de {other} est utilisé, qui l’ouvre aussi, avec les noms et les mots de passe de ce jour-là</translation>
    </message>
    <message>
        <source>the key file {file} is missing or damaged: without it nobody can open this library</source>
        <translation>le fichier de clés {file} est absent ou endommagé : sans lui, personne ne peut ouvrir cette bibliothèque</translation>
    </message>
    <message>
        <source>the key that signs exports of the audit trail is damaged</source>
        <translation>la clé qui signe les exports de la piste d’audit est endommagée</translation>
    </message>
    <message>
        <source>the kind of DICOM was not changed: {why}</source>
        <translation>le type de DICOM n’a pas été modifié : {why}</translation>
    </message>
    <message numerus="yes">
        <source>the labels of %n case(s) of the locked test have changed since the models were compared</source>
        <translation>
            <numerusform>l’étiquette de %n cas du test verrouillé a changé depuis la comparaison des modèles</numerusform>
            <numerusform>les étiquettes de %n cas du test verrouillé ont changé depuis la comparaison des modèles</numerusform>
        </translation>
    </message>
    <message>
        <source>the laboratory has answered on biopsies of its pair</source>
        <translation>le laboratoire a répondu sur des biopsies de sa paire</translation>
    </message>
    <message>
        <source>the laboratory has answered on it</source>
        <translation>le laboratoire a répondu à son sujet</translation>
    </message>
    <message>
        <source>the lamp on {port}</source>
        <translation>la lampe sur {port}</translation>
    </message>
    <message>
        <source>the lamp said white light, and the picture looks like fluorescence</source>
        <translation>la lampe indiquait la lumière blanche, et l’image ressemble à de la fluorescence</translation>
    </message>
    <message>
        <source>the lamp says fluorescence, and the picture looks like white light, or like both at once</source>
        <translation>la lampe indique la fluorescence, et l’image ressemble à de la lumière blanche, ou aux deux à la fois</translation>
    </message>
    <message>
        <source>the lamp {name}</source>
        <translation>la lampe {name}</translation>
    </message>
    <message>
        <source>the last administrator of a library cannot be taken away</source>
        <translation>le dernier administrateur d’une bibliothèque ne peut pas être retiré</translation>
    </message>
    <message>
        <source>the last update led to version {new}, and {version} is installed</source>
        <translation>la dernière mise à jour menait à la version {new}, et la version {version} est installée</translation>
    </message>
    <message>
        <source>the learned model {model} is missing or altered in the backup</source>
        <translation>le modèle entraîné {model} est absent de la sauvegarde ou y est altéré</translation>
    </message>
    <message>
        <source>the learned model {name}</source>
        <translation>le modèle entraîné {name}</translation>
    </message>
    <message>
        <source>the learned model {name} is missing or altered ({folder})</source>
        <translation>le modèle entraîné {name} est absent ou altéré ({folder})</translation>
    </message>
    <message>
        <source>the library and the backups before are unchanged</source>
        <translation>la bibliothèque et les sauvegardes précédentes sont inchangées</translation>
    </message>
    <message>
        <source>the library in {path} could not be opened for writing: {why}</source>
        <translation>la bibliothèque dans {path} n’a pas pu être ouverte en écriture : {why}</translation>
    </message>
    <message>
        <source>the library is no longer at {library}: its folder was moved or renamed, or its disk is gone</source>
        <translation>la bibliothèque n’est plus dans {library} : son dossier a été déplacé ou renommé, ou son disque n’est plus là</translation>
    </message>
    <message>
        <source>the library is no longer at {path}: its folder or the file 'lock' in it was moved, renamed or removed while it was open, or its disk is gone</source>
        <translation>la bibliothèque n’est plus dans {path} : son dossier ou le fichier « lock » qu’il contient a été déplacé, renommé ou supprimé pendant qu’elle était ouverte, ou son disque n’est plus là</translation>
    </message>
    <message>
        <source>the library is open for reading only: {reason}</source>
        <translation>la bibliothèque est ouverte en lecture seule : {reason}</translation>
    </message>
    <message>
        <source>the library is unchanged</source>
        <translation>la bibliothèque est inchangée</translation>
    </message>
    <message>
        <source>the library is unchanged and was not brought up to date</source>
        <translation>la bibliothèque est inchangée et n’a pas été mise à jour</translation>
    </message>
    <message>
        <source>the library is unchanged, and no encrypted one was made</source>
        <translation>la bibliothèque est inchangée, et aucune bibliothèque chiffrée n’a été créée</translation>
    </message>
    <message>
        <source>the library refused a change that would leave records without what they refer to ({problem})</source>
        <translation>la bibliothèque a refusé une modification qui laisserait des enregistrements sans ce à quoi ils se rapportent ({problem})</translation>
    </message>
    <message>
        <source>the library still cannot be written: {reason}</source>
        <translation>la bibliothèque ne peut toujours pas être écrite : {reason}</translation>
    </message>
    <message>
        <source>the library {library} cannot be read: its disk or network share answers with an error ({problem})</source>
        <translation>la bibliothèque {library} ne peut pas être lue : son disque ou son partage réseau répond par une erreur ({problem})</translation>
    </message>
    <message>
        <source>the library {library} could not be closed: {file} is left</source>
        <translation>la bibliothèque {library} n’a pas pu être fermée : il reste {file}</translation>
    </message>
    <message>
        <source>the library {library} could not be read or written ({problem})</source>
        <translation>la bibliothèque {library} n’a pas pu être lue ou écrite ({problem})</translation>
    </message>
    <message>
        <source>the library {library} could not be used: {problem}</source>
        <translation>la bibliothèque {library} n’a pas pu être utilisée : {problem}</translation>
    </message>
    <message>
        <source>the library {library} has no copy from before the update</source>
        <translation>la bibliothèque {library} n’a pas de copie d’avant la mise à jour</translation>
    </message>
    <message>
        <source>the library {library} is busy: {why}</source>
        <translation>la bibliothèque {library} est occupée : {why}</translation>
    </message>
    <message>
        <source>the library {library} is encrypted</source>
        <translation>la bibliothèque {library} est chiffrée</translation>
    </message>
    <message>
        <source>the library {library} is of an older version, and there is too little room to copy it before it is brought up to date: {needed} MB are needed, {free} MB are free</source>
        <translation>la bibliothèque {library} est d’une version antérieure et la place manque pour la copier avant de la mettre à jour : il faut {needed} Mo, {free} Mo sont libres</translation>
    </message>
    <message>
        <source>the library {library} is {state}</source>
        <translation>la bibliothèque {library} est ainsi : {state}</translation>
    </message>
    <message>
        <source>the library {library} may not be written</source>
        <translation>l’écriture dans la bibliothèque {library} n’est pas autorisée</translation>
    </message>
    <message>
        <source>the library {library} was made by a newer version of this program (library version {version}, this program knows {known})</source>
        <translation>la bibliothèque {library} a été créée par une version plus récente de ce programme (version de bibliothèque {version}, ce programme connaît {known})</translation>
    </message>
    <message>
        <source>the library {path} is closed</source>
        <translation>la bibliothèque {path} est fermée</translation>
    </message>
    <message>
        <source>the library {path} is encrypted, and {key_file} and {copy} are missing: without one nobody can open it</source>
        <translation>la bibliothèque {path} est chiffrée, et {key_file} et {copy} sont absents : sans l’un d’eux, personne ne peut l’ouvrir</translation>
    </message>
    <message>
        <source>the library {path} is of an older version and cannot be brought up to date: {reason}</source>
        <translation>la bibliothèque {path} est d’une version plus ancienne et ne peut pas être mise à jour : {reason}</translation>
    </message>
    <message>
        <source>the library {path} is open for reading only: {why}</source>
        <translation>la bibliothèque {path} est ouverte en lecture seule : {why}</translation>
    </message>
    <message>
        <source>the library {path} is perhaps in use by another user of this computer or on another one: {why}</source>
        <translation>la bibliothèque {path} est peut-être utilisée par un autre utilisateur de cet ordinateur ou sur un autre ordinateur : {why}</translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, and {reason}: it cannot be brought in order</source>
        <translation>la bibliothèque {path} n’a pas été fermée correctement, et {reason} : elle ne peut pas être remise en ordre</translation>
    </message>
    <message>
        <source>the library {path} was not closed properly, or is in use elsewhere, and its folder cannot be written</source>
        <translation>la bibliothèque {path} n’a pas été fermée correctement, ou est utilisée ailleurs, et son dossier ne peut pas être écrit</translation>
    </message>
    <message>
        <source>the light is off</source>
        <translation>la lumière est éteinte</translation>
    </message>
    <message>
        <source>the line leaves the picture</source>
        <translation>la ligne sort de l’image</translation>
    </message>
    <message>
        <source>the manifest says so</source>
        <translation>le manifeste l’indique</translation>
    </message>
    <message>
        <source>the manifest says the source only</source>
        <translation>le manifeste n’indique que la source</translation>
    </message>
    <message>
        <source>the map of whitening</source>
        <translation>la carte de blanchiment</translation>
    </message>
    <message>
        <source>the margin to blank covers all of it</source>
        <translation>la marge à masquer la couvre entièrement</translation>
    </message>
    <message>
        <source>the margin to blank is less than 0 pixels</source>
        <translation>la marge à masquer est inférieure à 0 pixel</translation>
    </message>
    <message>
        <source>the mark lies outside the picture</source>
        <translation>la marque est hors de l’image</translation>
    </message>
    <message>
        <source>the marks must come in the order of their seconds</source>
        <translation>les repères de temps doivent suivre l’ordre de leurs secondes</translation>
    </message>
    <message>
        <source>the model asks for {names}</source>
        <translation>le modèle demande {names}</translation>
    </message>
    <message>
        <source>the model cannot be asked: {why}</source>
        <translation>le modèle ne peut pas être interrogé : {why}</translation>
    </message>
    <message>
        <source>the model could not be copied to {out}: {why}</source>
        <translation>le modèle n’a pas pu être copié vers {out} : {why}</translation>
    </message>
    <message>
        <source>the model does not read its sources</source>
        <translation>le modèle ne lit pas ses sources</translation>
    </message>
    <message>
        <source>the model in use stays</source>
        <translation>le modèle utilisé reste en place</translation>
    </message>
    <message>
        <source>the model is not the one that the run has made</source>
        <translation>le modèle n’est pas celui que l’apprentissage a produit</translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are white light + {second}</source>
        <translation>le modèle doit lire {sources}, les cas sont : lumière blanche + {second}</translation>
    </message>
    <message>
        <source>the model is to read {sources}, the cases are {others}</source>
        <translation>le modèle doit lire {sources}, les cas sont : {others}</translation>
    </message>
    <message>
        <source>the model is unchanged</source>
        <translation>le modèle est inchangé</translation>
    </message>
    <message>
        <source>the model itself is written</source>
        <translation>le modèle lui-même est écrit</translation>
    </message>
    <message>
        <source>the model to start from is unchanged</source>
        <translation>le modèle de départ est inchangé</translation>
    </message>
    <message>
        <source>the model was not changed: {why}</source>
        <translation>le modèle n’a pas été changé : {why}</translation>
    </message>
    <message>
        <source>the model was trained for pictures that this program does not know: {source}</source>
        <translation>le modèle a été entraîné pour des images que ce programme ne connaît pas : {source}</translation>
    </message>
    <message>
        <source>the model {model} that was learned here is missing or altered: it is not backed up</source>
        <translation>le modèle {model} entraîné ici est absent ou altéré : il n’est pas sauvegardé</translation>
    </message>
    <message>
        <source>the model {model} was not brought back: it is not in the backup, or altered there</source>
        <translation>le modèle {model} n’a pas été restauré : il n’est pas dans la sauvegarde, ou y est altéré</translation>
    </message>
    <message>
        <source>the model {name} does not read {sources}</source>
        <translation>le modèle {name} ne lit pas {sources}</translation>
    </message>
    <message>
        <source>the model {name} has variant {variant}, not {wanted}</source>
        <translation>le modèle {name} a la variante {variant}, et non {wanted}</translation>
    </message>
    <message>
        <source>the model {name} holds imported trunks only and was never trained to grade</source>
        <translation>le modèle {name} ne contient que des troncs importés et n’a jamais été entraîné à attribuer un grade</translation>
    </message>
    <message>
        <source>the model {name} reads {sources}</source>
        <translation>le modèle {name} lit {sources}</translation>
    </message>
    <message>
        <source>the model {name} reads {sources} only, not {others}</source>
        <translation>le modèle {name} lit seulement {sources}, pas {others}</translation>
    </message>
    <message>
        <source>the model {name} {version} gives an answer that is no number</source>
        <translation>le modèle {name} {version} donne une réponse qui n’est pas un nombre</translation>
    </message>
    <message>
        <source>the model {name} {version} gives answers that are no numbers</source>
        <translation>le modèle {name} {version} donne des réponses qui ne sont pas des nombres</translation>
    </message>
    <message>
        <source>the model's heatmaps are drawn by {method}</source>
        <translation>les cartes de chaleur du modèle sont tracées par {method}</translation>
    </message>
    <message>
        <source>the name has signs that cannot be seen, or letters of two alphabets in one word</source>
        <translation>le nom contient des caractères invisibles, ou des lettres de deux alphabets dans un même mot</translation>
    </message>
    <message>
        <source>the name in {name} is not known in this network</source>
        <translation>le nom dans {name} n’est pas connu dans ce réseau</translation>
    </message>
    <message>
        <source>the name of a file to write is empty or this folder</source>
        <translation>le nom d’un fichier à écrire est vide ou désigne ce dossier</translation>
    </message>
    <message>
        <source>the name of the folder {folder} is not written in UTF-8</source>
        <translation>le nom du dossier {folder} n’est pas écrit en UTF-8</translation>
    </message>
    <message>
        <source>the name of the patient or the request is longer than the {longest} characters that DICOM holds</source>
        <translation>le nom de la patiente ou de la demande dépasse les {longest} caractères admis par DICOM</translation>
    </message>
    <message>
        <source>the name or the password is wrong</source>
        <translation>le nom ou le mot de passe est incorrect</translation>
    </message>
    <message>
        <source>the name {name}</source>
        <translation>le nom {name}</translation>
    </message>
    <message>
        <source>the name {name} says so</source>
        <translation>le nom {name} l’indique</translation>
    </message>
    <message>
        <source>the name {name} says the day only</source>
        <translation>le nom {name} n’indique que le jour</translation>
    </message>
    <message>
        <source>the network gives a heatmap that is no number</source>
        <translation>le réseau donne une carte de chaleur qui n’est pas un nombre</translation>
    </message>
    <message>
        <source>the network is unchanged</source>
        <translation>le réseau est inchangé</translation>
    </message>
    <message>
        <source>the network table is damaged ({error})</source>
        <translation>la table du réseau est endommagée ({error})</translation>
    </message>
    <message>
        <source>the new model is not promoted: {reasons}</source>
        <translation>le nouveau modèle n’est pas promu : {reasons}</translation>
    </message>
    <message>
        <source>the new password is set; roles, and who may sign in, are as before</source>
        <translation>le nouveau mot de passe est défini ; les rôles, et qui peut se connecter, restent comme avant</translation>
    </message>
    <message>
        <source>the new version does not start on this computer: {why}</source>
        <translation>la nouvelle version ne démarre pas sur cet ordinateur : {why}</translation>
    </message>
    <message>
        <source>the new version goes beside the present one, and {folder} may not be written</source>
        <translation>la nouvelle version va à côté de l’actuelle, et {folder} n’est pas accessible en écriture</translation>
    </message>
    <message numerus="yes">
        <source>the newest %n line(s); scroll down for older ones</source>
        <translation>
            <numerusform>%n ligne la plus récente ; faites défiler vers le bas pour les plus anciennes</numerusform>
            <numerusform>les %n lignes les plus récentes ; faites défiler vers le bas pour les plus anciennes</numerusform>
        </translation>
    </message>
    <message>
        <source>the newest {shown:,} visits; scroll down or search to find older ones</source>
        <translation>les {shown:,} consultations les plus récentes ; faites défiler vers le bas ou cherchez pour trouver les plus anciennes</translation>
    </message>
    <message>
        <source>the only case cannot be used</source>
        <translation>le seul cas n’est pas utilisable</translation>
    </message>
    <message>
        <source>the only two of the visit</source>
        <translation>les deux seules de la consultation</translation>
    </message>
    <message>
        <source>the os is marked on its pair</source>
        <translation>l’orifice est marqué sur sa paire</translation>
    </message>
    <message>
        <source>the other visit has this picture already</source>
        <translation>l’autre consultation a déjà cette image</translation>
    </message>
    <message>
        <source>the outline that was begun was not finished and is gone</source>
        <translation>le contour commencé n’a pas été terminé et est perdu</translation>
    </message>
    <message>
        <source>the overlap mask is {mask_width} x {mask_height}, the picture {width} x {height}</source>
        <translation>le masque de recouvrement fait {mask_width} x {mask_height}, l’image {width} x {height}</translation>
    </message>
    <message>
        <source>the packing of its pixels is broken</source>
        <translation>la compression de ses pixels est défectueuse</translation>
    </message>
    <message>
        <source>the pair</source>
        <translation>la paire</translation>
    </message>
    <message>
        <source>the pair is not registered</source>
        <translation>la paire n’est pas recalée</translation>
    </message>
    <message>
        <source>the pair is not registered: {why}</source>
        <translation>la paire n’est pas recalée : {why}</translation>
    </message>
    <message>
        <source>the pair is on the stage as before</source>
        <translation>la paire est dans la zone d’image comme avant</translation>
    </message>
    <message>
        <source>the pair is registered as it was before</source>
        <translation>la paire est recalée comme avant</translation>
    </message>
    <message>
        <source>the pair lacks one source</source>
        <translation>il manque une source à la paire</translation>
    </message>
    <message>
        <source>the parts of this clip are not those that were on record when it was closed</source>
        <translation>les parties de ce clip ne sont pas celles qui étaient consignées à sa fermeture</translation>
    </message>
    <message>
        <source>the password of {name}</source>
        <translation>le mot de passe de {name}</translation>
    </message>
    <message>
        <source>the picture</source>
        <translation>l’image</translation>
    </message>
    <message>
        <source>the picture belongs to a pair</source>
        <translation>l’image appartient à une paire</translation>
    </message>
    <message>
        <source>the picture does not belong to this visit</source>
        <translation>l’image n’appartient pas à cette consultation</translation>
    </message>
    <message>
        <source>the picture file {name}... is missing from {folder}</source>
        <translation>le fichier d’image {name}... est absent de {folder}</translation>
    </message>
    <message>
        <source>the picture file {path} cannot be read: {why}</source>
        <translation>le fichier d’image {path} ne peut pas être lu : {why}</translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its hash</source>
        <translation>le fichier d’image {path} a été altéré : son contenu ne correspond pas à son empreinte (hash)</translation>
    </message>
    <message>
        <source>the picture file {path} was altered: its content does not match its name</source>
        <translation>le fichier d’image {path} a été altéré : son contenu ne correspond pas à son nom</translation>
    </message>
    <message>
        <source>the picture has no pixels</source>
        <translation>l’image n’a pas de pixels</translation>
    </message>
    <message>
        <source>the picture is as it was</source>
        <translation>l’image est restée telle quelle</translation>
    </message>
    <message>
        <source>the picture of {day} cannot be shown: {problem}</source>
        <translation>l’image du {day} ne peut pas être affichée : {problem}</translation>
    </message>
    <message>
        <source>the picture says so</source>
        <translation>l’image l’indique</translation>
    </message>
    <message>
        <source>the picture says so; its zone is taken for that of this computer</source>
        <translation>l’image l’indique ; son fuseau est supposé être celui de cet ordinateur</translation>
    </message>
    <message>
        <source>the picture {name} says {day}</source>
        <translation>l’image {name} indique {day}</translation>
    </message>
    <message>
        <source>the pictures are refused</source>
        <translation>les images sont refusées</translation>
    </message>
    <message>
        <source>the pictures are unchanged</source>
        <translation>les images sont inchangées</translation>
    </message>
    <message>
        <source>the pictures could not be registered</source>
        <translation>les images n’ont pas pu être recalées</translation>
    </message>
    <message>
        <source>the pictures could not be shown</source>
        <translation>les images n’ont pas pu être affichées</translation>
    </message>
    <message>
        <source>the pictures do not show the same structures</source>
        <translation>les images ne montrent pas les mêmes structures</translation>
    </message>
    <message>
        <source>the pictures on the stage do not belong to this visit</source>
        <translation>les images dans la zone d’image n’appartiennent pas à cette consultation</translation>
    </message>
    <message>
        <source>the pictures shown are not those that were signed</source>
        <translation>les images affichées ne sont pas celles qui ont été signées</translation>
    </message>
    <message>
        <source>the pictures that you gave are unchanged</source>
        <translation>les images que vous avez fournies sont inchangées</translation>
    </message>
    <message>
        <source>the pictures were not added: another visit was opened before the files were read. Add them again</source>
        <translation>les images n’ont pas été ajoutées : une autre consultation a été ouverte avant la lecture des fichiers. Ajoutez-les de nouveau</translation>
    </message>
    <message>
        <source>the pictures were prepared at {size} pixels, {name} reads {wanted}</source>
        <translation>les images ont été préparées à {size} pixels, {name} lit {wanted}</translation>
    </message>
    <message>
        <source>the pixels ({shape}, {kind}) are not those of a picture of {width} x {height}</source>
        <translation>les pixels ({shape}, {kind}) ne sont pas ceux d’une image de {width} x {height}</translation>
    </message>
    <message>
        <source>the plan before still counts</source>
        <translation>le protocole précédent reste valable</translation>
    </message>
    <message>
        <source>the point that was placed was not applied and is gone</source>
        <translation>le point placé n’a pas été appliqué et est perdu</translation>
    </message>
    <message>
        <source>the points do not fit each other well: look whether the tissue fits</source>
        <translation>les points ne s’accordent pas bien entre eux : vérifiez que le tissu coïncide</translation>
    </message>
    <message>
        <source>the points fold the picture: one of them may lie wrong, so look whether the tissue fits</source>
        <translation>les points replient l’image : l’un d’eux est peut-être mal placé, vérifiez donc que le tissu coïncide</translation>
    </message>
    <message>
        <source>the points lie on top of each other or on one line</source>
        <translation>les points sont superposés ou alignés sur une même droite</translation>
    </message>
    <message>
        <source>the program ended without closing this library, and {harm}</source>
        <translation>le programme s’est terminé sans fermer cette bibliothèque, et {harm}</translation>
    </message>
    <message>
        <source>the program itself is damaged: install it again</source>
        <translation>le programme lui-même est endommagé : réinstallez-le</translation>
    </message>
    <message>
        <source>the program that was in use still is</source>
        <translation>le programme qui était utilisé l’est toujours</translation>
    </message>
    <message>
        <source>the pseudonym holds part of the patient's name or identifier</source>
        <translation>le pseudonyme contient une partie du nom ou de l’identifiant de la patiente</translation>
    </message>
    <message>
        <source>the pseudonym is empty, too long or holds signs that DICOM does not</source>
        <translation>le pseudonyme est vide, trop long ou contient des caractères que DICOM n’admet pas</translation>
    </message>
    <message>
        <source>the read before is unchanged</source>
        <translation>la lecture précédente est inchangée</translation>
    </message>
    <message>
        <source>the read is as before</source>
        <translation>la lecture est comme avant</translation>
    </message>
    <message>
        <source>the reads before are kept</source>
        <translation>les lectures précédentes sont conservées</translation>
    </message>
    <message>
        <source>the recovery key</source>
        <translation>la clé de récupération</translation>
    </message>
    <message>
        <source>the recovery key has a letter or digit wrong</source>
        <translation>la clé de récupération a une lettre ou un chiffre erroné</translation>
    </message>
    <message>
        <source>the referral card</source>
        <translation>la fiche d’adressage</translation>
    </message>
    <message>
        <source>the registration is unchanged</source>
        <translation>le recalage est inchangé</translation>
    </message>
    <message>
        <source>the registration may not be sent: {cause}</source>
        <translation>le recalage ne peut pas être envoyé : {cause}</translation>
    </message>
    <message>
        <source>the registration may not be used: {reason}</source>
        <translation>le recalage ne peut pas être utilisé : {reason}</translation>
    </message>
    <message>
        <source>the registration {how}, which DICOM's Spatial Registration cannot hold</source>
        <translation>le recalage {how}, ce que le Spatial Registration de DICOM ne peut pas contenir</translation>
    </message>
    <message>
        <source>the report font is missing or damaged in {folder}</source>
        <translation>la police du compte rendu est absente ou endommagée dans {folder}</translation>
    </message>
    <message>
        <source>the result is as before</source>
        <translation>le résultat est comme avant</translation>
    </message>
    <message>
        <source>the run cannot be told: {reason}</source>
        <translation>l’apprentissage ne peut pas être averti : {reason}</translation>
    </message>
    <message>
        <source>the same picture stands under another woman too</source>
        <translation>la même image figure aussi sous une autre patiente</translation>
    </message>
    <message>
        <source>the same picture twice</source>
        <translation>deux fois la même image</translation>
    </message>
    <message>
        <source>the same picture was given twice</source>
        <translation>la même image a été fournie deux fois</translation>
    </message>
    <message>
        <source>the same picture, saved anew, is on record for another woman ({identifier})</source>
        <translation>la même image, enregistrée à nouveau, est consignée pour une autre patiente ({identifier})</translation>
    </message>
    <message>
        <source>the secret of the export is shorter than {fewest} bytes</source>
        <translation>le secret de l’export fait moins de {fewest} octets</translation>
    </message>
    <message>
        <source>the share of prediction sets that hold the label</source>
        <translation>la part des ensembles de prédiction qui contiennent l’étiquette</translation>
    </message>
    <message>
        <source>the share that is read again lies between 0 and 1</source>
        <translation>la part relue se situe entre 0 et 1</translation>
    </message>
    <message>
        <source>the signature does not fit: the file is not what was signed</source>
        <translation>la signature ne correspond pas : le fichier n’est pas ce qui a été signé</translation>
    </message>
    <message>
        <source>the signed findings are unchanged</source>
        <translation>les constatations signées sont inchangées</translation>
    </message>
    <message>
        <source>the simulated camera has no {control}</source>
        <translation>la caméra simulée n’a pas ce réglage : {control}</translation>
    </message>
    <message>
        <source>the size of its frames cannot be</source>
        <translation>la taille de ses images est impossible</translation>
    </message>
    <message>
        <source>the size of the prediction sets</source>
        <translation>la taille des ensembles de prédiction</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} cannot be checked: {problem}</source>
        <translation>l’instantané {snapshot} ne peut pas être vérifié : {problem}</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} is damaged ({wrong}): bring back another one</source>
        <translation>l’instantané {snapshot} est endommagé ({wrong}) : restaurez-en un autre</translation>
    </message>
    <message>
        <source>the snapshot {snapshot} of the backup {folder} is damaged ({wrong})</source>
        <translation>l’instantané {snapshot} de la sauvegarde {folder} est endommagé ({wrong})</translation>
    </message>
    <message>
        <source>the source of one is only a guess</source>
        <translation>la source de l’une n’est qu’une supposition</translation>
    </message>
    <message>
        <source>the step {step} stands in it twice</source>
        <translation>l’étape {step} y figure deux fois</translation>
    </message>
    <message>
        <source>the stored registration cannot be read</source>
        <translation>le recalage enregistré ne peut pas être lu</translation>
    </message>
    <message>
        <source>the structures do not agree where the points put them</source>
        <translation>les structures ne concordent pas là où les points les placent</translation>
    </message>
    <message>
        <source>the structures fit only in part</source>
        <translation>les structures ne concordent qu’en partie</translation>
    </message>
    <message>
        <source>the system lacks {libraries}</source>
        <translation>il manque au système {libraries}</translation>
    </message>
    <message>
        <source>the time of a frame is no number</source>
        <translation>l’heure d’une image n’est pas un nombre</translation>
    </message>
    <message>
        <source>the time to the lock was not changed: {why}</source>
        <translation>le délai avant verrouillage n’a pas été modifié : {why}</translation>
    </message>
    <message>
        <source>the token width must be a multiple of the number of heads</source>
        <translation>la largeur des jetons doit être un multiple du nombre de têtes</translation>
    </message>
    <message>
        <source>the top</source>
        <translation>la racine</translation>
    </message>
    <message>
        <source>the training failed: in {where} its loss was no number</source>
        <translation>l’entraînement a échoué : dans {where}, sa perte n’était pas un nombre</translation>
    </message>
    <message>
        <source>the trunks of {name} do not fit: only one of the two networks is built with PConv</source>
        <translation>les troncs de {name} ne vont pas ensemble : un seul des deux réseaux est construit avec PConv</translation>
    </message>
    <message>
        <source>the two pictures could not be put on each other</source>
        <translation>les deux images n’ont pas pu être superposées</translation>
    </message>
    <message>
        <source>the two pictures differ in size</source>
        <translation>les deux images diffèrent par leur taille</translation>
    </message>
    <message>
        <source>the two pictures do not belong together</source>
        <translation>les deux images ne vont pas ensemble</translation>
    </message>
    <message>
        <source>the two pictures look swapped</source>
        <translation>les deux images semblent interverties</translation>
    </message>
    <message>
        <source>the two pictures of case {case} differ in size</source>
        <translation>les deux images du cas {case} diffèrent par leur taille</translation>
    </message>
    <message>
        <source>the two points are only {apart:.0f} pixels apart</source>
        <translation>les deux points ne sont distants que de {apart:.0f} pixels</translation>
    </message>
    <message>
        <source>the validation after epoch {epoch}</source>
        <translation>la validation après l’époque {epoch}</translation>
    </message>
    <message>
        <source>the video cannot be written: {why}</source>
        <translation>la vidéo ne peut pas être écrite : {why}</translation>
    </message>
    <message>
        <source>the video could not be written whole: {found} of {shown} frames can be read again</source>
        <translation>la vidéo n’a pas pu être écrite en entier : {found} images sur {shown} peuvent être relues</translation>
    </message>
    <message>
        <source>the visit</source>
        <translation>la consultation</translation>
    </message>
    <message>
        <source>the visit and all that is in it are kept</source>
        <translation>la consultation et tout ce qu’elle contient sont conservés</translation>
    </message>
    <message>
        <source>the visit is not signed</source>
        <translation>la consultation n’est pas signée</translation>
    </message>
    <message>
        <source>the weights are as before this step</source>
        <translation>les poids sont comme avant cette étape</translation>
    </message>
    <message>
        <source>the weights do not fit the network: {weight} and {more} more</source>
        <translation>les poids ne correspondent pas au réseau : {weight} et {more} autres</translation>
    </message>
    <message>
        <source>the weights of {name} are missing ({weights})</source>
        <translation>les poids de {name} sont absents ({weights})</translation>
    </message>
    <message>
        <source>the weights of {name} cannot be read ({error})</source>
        <translation>les poids de {name} ne peuvent pas être lus ({error})</translation>
    </message>
    <message>
        <source>the weights of {name} hold values that are no numbers ({key})</source>
        <translation>les poids de {name} contiennent des valeurs qui ne sont pas des nombres ({key})</translation>
    </message>
    <message>
        <source>the weights {name} do not fit the network</source>
        <translation>les poids {name} ne correspondent pas au réseau</translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} (hash {found}, {file} says {told})</source>
        <translation>les poids {weights} ne sont pas ceux de {name} (empreinte {found}, {file} indique {told})</translation>
    </message>
    <message>
        <source>the weights {weights} are not those of {name} ({size} bytes, its network has {most} at most)</source>
        <translation>les poids {weights} ne sont pas ceux de {name} ({size} octets, son réseau en a {most} au plus)</translation>
    </message>
    <message>
        <source>the white-light picture</source>
        <translation>l’image en lumière blanche</translation>
    </message>
    <message>
        <source>the white-light picture is kept</source>
        <translation>l’image en lumière blanche est conservée</translation>
    </message>
    <message>
        <source>the white-light picture shows no structure</source>
        <translation>l’image en lumière blanche ne montre aucune structure</translation>
    </message>
    <message>
        <source>the worker ended unexpectedly (exit code {code})</source>
        <translation>le processus de travail s’est terminé de façon inattendue (code de sortie {code})</translation>
    </message>
    <message>
        <source>the zip unpacks to more than {limit} GB</source>
        <translation>le zip décompressé dépasse {limit} Go</translation>
    </message>
    <message>
        <source>the {control} of a recording cannot be set</source>
        <translation>ce réglage d’un enregistrement ne peut pas être modifié : {control}</translation>
    </message>
    <message>
        <source>the {control} of this camera goes from {low:g} to {high:g}, not to {value:g}</source>
        <translation>le réglage de cette caméra ({control}) va de {low:g} à {high:g}, et non à {value:g}</translation>
    </message>
    <message>
        <source>the {name} picture is no array but {kind}</source>
        <translation>l’image {name} n’est pas un tableau mais {kind}</translation>
    </message>
    <message>
        <source>the {name} picture is {dtype} of shape {shape}</source>
        <translation>l’image {name} est {dtype} de forme {shape}</translation>
    </message>
    <message>
        <source>the {source} picture: {problems}</source>
        <translation>l’image ({source}) : {problems}</translation>
    </message>
    <message>
        <source>their names differ in source and stage only</source>
        <translation>leurs noms ne diffèrent que par la source et l’étape</translation>
    </message>
    <message>
        <source>there are clips in the visit</source>
        <translation>il y a des clips dans la consultation</translation>
    </message>
    <message>
        <source>there are curves of whitening in the visit</source>
        <translation>il y a des courbes de blanchiment dans la consultation</translation>
    </message>
    <message>
        <source>there are drawings in the visit</source>
        <translation>il y a des dessins dans la consultation</translation>
    </message>
    <message>
        <source>there are findings in the visit</source>
        <translation>il y a des constatations dans la consultation</translation>
    </message>
    <message>
        <source>there are lesions in the visit</source>
        <translation>il y a des lésions dans la consultation</translation>
    </message>
    <message>
        <source>there are more cases than the memory holds</source>
        <translation>il y a plus de cas que la mémoire ne peut en contenir</translation>
    </message>
    <message>
        <source>there are no frames to look at yet</source>
        <translation>il n’y a pas encore d’images à examiner</translation>
    </message>
    <message>
        <source>there are no pseudo-terminals on this system, so that a lamp cannot be simulated</source>
        <translation>il n’y a pas de pseudo-terminaux sur ce système, une lampe ne peut donc pas être simulée</translation>
    </message>
    <message>
        <source>there are no two pictures to play</source>
        <translation>il n’y a pas deux images à lire en séquence</translation>
    </message>
    <message>
        <source>there are no two pictures to play: {reasons}</source>
        <translation>il n’y a pas deux images à lire en séquence : {reasons}</translation>
    </message>
    <message>
        <source>there are none</source>
        <translation>il n’y en a pas</translation>
    </message>
    <message>
        <source>there are pairs in the visit</source>
        <translation>il y a des paires dans la consultation</translation>
    </message>
    <message>
        <source>there are pictures in the visit</source>
        <translation>il y a des images dans la consultation</translation>
    </message>
    <message>
        <source>there are reports that were signed in the visit</source>
        <translation>il y a des comptes rendus signés dans la consultation</translation>
    </message>
    <message>
        <source>there are specimens in the visit</source>
        <translation>il y a des prélèvements dans la consultation</translation>
    </message>
    <message>
        <source>there are visits of this woman</source>
        <translation>il y a des consultations de cette patiente</translation>
    </message>
    <message>
        <source>there is a list of {count} numbers in {where}, as one for each case would be</source>
        <translation>il y a une liste de {count} nombres dans {where}, comme le serait une liste d’un nombre par cas</translation>
    </message>
    <message>
        <source>there is a picture in {where}</source>
        <translation>il y a une image dans {where}</translation>
    </message>
    <message>
        <source>there is a referral card of the visit</source>
        <translation>il y a une fiche d’adressage de la consultation</translation>
    </message>
    <message>
        <source>there is a result of histology in the visit</source>
        <translation>il y a un résultat d’histologie dans la consultation</translation>
    </message>
    <message>
        <source>there is already a model in {out}</source>
        <translation>il y a déjà un modèle dans {out}</translation>
    </message>
    <message>
        <source>there is already a model {name}</source>
        <translation>il y a déjà un modèle {name}</translation>
    </message>
    <message>
        <source>there is already another model {model} on this computer</source>
        <translation>il y a déjà un autre modèle {model} sur cet ordinateur</translation>
    </message>
    <message>
        <source>there is an account {name} already</source>
        <translation>il y a déjà un compte {name}</translation>
    </message>
    <message>
        <source>there is an unknown file in it, {file}</source>
        <translation>il contient un fichier inconnu, {file}</translation>
    </message>
    <message>
        <source>there is no camera</source>
        <translation>il n’y a pas de caméra</translation>
    </message>
    <message>
        <source>there is no case that can be used</source>
        <translation>il n’y a aucun cas utilisable</translation>
    </message>
    <message>
        <source>there is no copy {file}</source>
        <translation>il n’y a pas de copie {file}</translation>
    </message>
    <message>
        <source>there is no earlier backup in {folder}: look for one elsewhere</source>
        <translation>il n’y a pas de sauvegarde antérieure dans {folder} : cherchez-en une ailleurs</translation>
    </message>
    <message>
        <source>there is no file {file}</source>
        <translation>le fichier {file} n’existe pas</translation>
    </message>
    <message>
        <source>there is no file {path}</source>
        <translation>le fichier {path} n’existe pas</translation>
    </message>
    <message>
        <source>there is no folder {library}</source>
        <translation>le dossier {library} n’existe pas</translation>
    </message>
    <message>
        <source>there is no folder {path}</source>
        <translation>le dossier {path} n’existe pas</translation>
    </message>
    <message>
        <source>there is no frame in this clip</source>
        <translation>il n’y a pas d’image dans ce clip</translation>
    </message>
    <message>
        <source>there is no grade of rank {rank}</source>
        <translation>il n’y a pas de grade de rang {rank}</translation>
    </message>
    <message>
        <source>there is no lamp on {port}</source>
        <translation>il n’y a pas de lampe sur {port}</translation>
    </message>
    <message>
        <source>there is no model {name!r}</source>
        <translation>il n’y a pas de modèle {name!r}</translation>
    </message>
    <message>
        <source>there is no pair of points</source>
        <translation>il n’y a pas de paire de points</translation>
    </message>
    <message>
        <source>there is no snapshot in it: no backup was completed here</source>
        <translation>elle ne contient aucun instantané : aucune sauvegarde n’a été achevée ici</translation>
    </message>
    <message>
        <source>there is no step {step!r}</source>
        <translation>il n’y a pas d’étape {step!r}</translation>
    </message>
    <message>
        <source>there is no such kind of camera</source>
        <translation>ce type de caméra n’existe pas</translation>
    </message>
    <message>
        <source>there is no such kind of camera: {kind}</source>
        <translation>ce type de caméra n’existe pas : {kind}</translation>
    </message>
    <message>
        <source>there is not enough free memory for this</source>
        <translation>il n’y a pas assez de mémoire libre pour cela</translation>
    </message>
    <message>
        <source>there is nothing in these visits that can be exported</source>
        <translation>il n’y a rien dans ces consultations qui puisse être exporté</translation>
    </message>
    <message>
        <source>there is nothing to do; to go back to the version before, use: pfm update back</source>
        <translation>il n’y a rien à faire ; pour revenir à la version précédente, utilisez : pfm update back</translation>
    </message>
    <message>
        <source>there is nothing to focus on</source>
        <translation>rien sur quoi faire la mise au point</translation>
    </message>
    <message>
        <source>there is something behind the weights in {file}</source>
        <translation>il y a quelque chose après les poids dans {file}</translation>
    </message>
    <message>
        <source>there is something between the weights in {file}</source>
        <translation>il y a quelque chose entre les poids dans {file}</translation>
    </message>
    <message>
        <source>there is too little room in {folder}: {needed} MB are needed, {free} MB are free</source>
        <translation>la place manque dans {folder} : il faut {needed} Mo, {free} Mo sont libres</translation>
    </message>
    <message>
        <source>thermal ablation</source>
        <translation>thermoablation</translation>
    </message>
    <message>
        <source>these are no pair</source>
        <translation>celles-ci ne forment pas une paire</translation>
    </message>
    <message>
        <source>these pictures are no pair: one of white light, and one of fluorescence, through the green filter or after Lugol's iodine</source>
        <translation>ces images ne forment pas une paire : une en lumière blanche, et une en fluorescence, à travers le filtre vert ou après lugol</translation>
    </message>
    <message>
        <source>these two pictures are not of the same woman: they are not compared</source>
        <translation>ces deux images ne sont pas de la même patiente : elles ne sont pas comparées</translation>
    </message>
    <message>
        <source>they are unchanged</source>
        <translation>rien n’y a été modifié</translation>
    </message>
    <message>
        <source>they stand in the report alone</source>
        <translation>ils ne figurent que dans le compte rendu</translation>
    </message>
    <message>
        <source>they stay in the histology inbox</source>
        <translation>ils restent dans la boîte d’histologie</translation>
    </message>
    <message>
        <source>thin acetowhite epithelium</source>
        <translation>épithélium acétoblanc fin</translation>
    </message>
    <message>
        <source>this assessment is not in the library</source>
        <translation>cette évaluation n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this build of the program has no key to check update files with</source>
        <translation>cette version du programme n’a pas de clé pour vérifier les fichiers de mise à jour</translation>
    </message>
    <message>
        <source>this camera does not let its {control} be set</source>
        <translation>cette caméra ne permet pas ce réglage : {control}</translation>
    </message>
    <message>
        <source>this camera does not set its {control} by itself</source>
        <translation>cette caméra n’effectue pas d’elle-même ce réglage : {control}</translation>
    </message>
    <message>
        <source>this clip has no frame {number}</source>
        <translation>ce clip n’a pas d’image {number}</translation>
    </message>
    <message>
        <source>this clip is being recorded</source>
        <translation>ce clip est en cours d’enregistrement</translation>
    </message>
    <message>
        <source>this clip is closed: nothing is added to it</source>
        <translation>ce clip est fermé : rien n’y est ajouté</translation>
    </message>
    <message>
        <source>this clip is longer than the {hours:.0f} hours that a video may have</source>
        <translation>ce clip dépasse les {hours:.0f} heures qu’une vidéo peut durer</translation>
    </message>
    <message>
        <source>this clip is not in the library</source>
        <translation>ce clip n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this clip is not of the visit that is open</source>
        <translation>ce clip n’est pas de la consultation ouverte</translation>
    </message>
    <message>
        <source>this clip is too long for an AVI file</source>
        <translation>ce clip est trop long pour un fichier AVI</translation>
    </message>
    <message>
        <source>this contour is no longer in the library</source>
        <translation>ce contour n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this curve of whitening has values that are no numbers</source>
        <translation>cette courbe de blanchiment a des valeurs qui ne sont pas des nombres</translation>
    </message>
    <message>
        <source>this curve of whitening is not in the library</source>
        <translation>cette courbe de blanchiment n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this device gives no fluorescence</source>
        <translation>cet appareil ne donne pas de fluorescence</translation>
    </message>
    <message>
        <source>this device takes its pairs itself</source>
        <translation>cet appareil prend lui-même ses paires</translation>
    </message>
    <message>
        <source>this device takes its pictures itself</source>
        <translation>cet appareil prend lui-même ses images</translation>
    </message>
    <message>
        <source>this earlier picture is no longer in the library</source>
        <translation>cette image antérieure n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this findings is no longer in the library</source>
        <translation>ces constatations ne sont plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this is a read of {reader}: nobody else changes it or takes it away</source>
        <translation>ceci est une lecture de {reader} : personne d’autre ne la modifie ni ne la retire</translation>
    </message>
    <message>
        <source>this is no PDF</source>
        <translation>ce n’est pas un PDF</translation>
    </message>
    <message>
        <source>this is no contour: it encloses nothing</source>
        <translation>ce n’est pas un contour : il n’entoure rien</translation>
    </message>
    <message>
        <source>this is no dark frame: {why}</source>
        <translation>ce n’est pas une image noire : {why}</translation>
    </message>
    <message>
        <source>this is no export for research: {what}</source>
        <translation>ce n’est pas un export pour la recherche : {what}</translation>
    </message>
    <message>
        <source>this is no fluorescence picture (stage: {stage})</source>
        <translation>ce n’est pas une image en fluorescence (étape : {stage})</translation>
    </message>
    <message>
        <source>this is no line</source>
        <translation>ce n’est pas une ligne</translation>
    </message>
    <message>
        <source>this is no outline of a cervix</source>
        <translation>ce n’est pas un contour de col</translation>
    </message>
    <message>
        <source>this is no white-light picture (stage: {stage})</source>
        <translation>ce n’est pas une image en lumière blanche (étape : {stage})</translation>
    </message>
    <message>
        <source>this is not an address of a network camera</source>
        <translation>ce n’est pas une adresse de caméra réseau</translation>
    </message>
    <message>
        <source>this is not the fingerprint of its key</source>
        <translation>ce n’est pas l’empreinte de sa clé</translation>
    </message>
    <message>
        <source>this is not the recovery key of this backup</source>
        <translation>ce n’est pas la clé de récupération de cette sauvegarde</translation>
    </message>
    <message>
        <source>this is not the recovery key of this library</source>
        <translation>ce n’est pas la clé de récupération de cette bibliothèque</translation>
    </message>
    <message>
        <source>this lesion is no longer in the visit</source>
        <translation>cette lésion n’est plus dans la consultation</translation>
    </message>
    <message>
        <source>this lesion is not in the library</source>
        <translation>cette lésion n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this library has no account {name} on record</source>
        <translation>aucun compte {name} n’est consigné dans cette bibliothèque</translation>
    </message>
    <message>
        <source>this library has no recovery key</source>
        <translation>cette bibliothèque n’a pas de clé de récupération</translation>
    </message>
    <message>
        <source>this library is not encrypted and has no accounts</source>
        <translation>cette bibliothèque n’est pas chiffrée et n’a pas de comptes</translation>
    </message>
    <message>
        <source>this library is older than when it was last used on this computer ({when}): what was done since is not in it, as if a copy from before had been put in its place. Look for the newer one, in a backup or another folder, before you go on here</source>
        <translation>cette bibliothèque est plus ancienne que lors de sa dernière utilisation sur cet ordinateur ({when}) : ce qui a été fait depuis n’y est pas, comme si une copie antérieure avait été mise à sa place. Cherchez la plus récente, dans une sauvegarde ou un autre dossier, avant de continuer ici</translation>
    </message>
    <message>
        <source>this library is open for reading only</source>
        <translation>cette bibliothèque est ouverte en lecture seule</translation>
    </message>
    <message>
        <source>this library is open for reading only ({reason}), so an export cannot be put on record</source>
        <translation>cette bibliothèque est ouverte en lecture seule ({reason}), un export ne peut donc pas être consigné</translation>
    </message>
    <message>
        <source>this library is open for reading only: {reason}</source>
        <translation>cette bibliothèque est ouverte en lecture seule : {reason}</translation>
    </message>
    <message>
        <source>this library is open for reading only: {why}</source>
        <translation>cette bibliothèque est ouverte en lecture seule : {why}</translation>
    </message>
    <message>
        <source>this library was brought from version {old} to {new}. A copy of its database as it was before is kept: {file}</source>
        <translation>cette bibliothèque est passée de la version {old} à la version {new}. Une copie de sa base de données telle qu’elle était avant est conservée : {file}</translation>
    </message>
    <message>
        <source>this lies within the contour of lesion {number} already</source>
        <translation>ceci est déjà à l’intérieur du contour de la lésion {number}</translation>
    </message>
    <message>
        <source>this line has no such corner</source>
        <translation>cette ligne n’a pas ce sommet</translation>
    </message>
    <message>
        <source>this line is no longer in the library</source>
        <translation>cette ligne n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this makes {size:.4g} mm a pixel, which no colposcope has</source>
        <translation>cela fait {size:.4g} mm par pixel, ce qu’aucun colposcope n’a</translation>
    </message>
    <message>
        <source>this model is not passed on: {what}</source>
        <translation>ce modèle n’est pas transmis : {what}</translation>
    </message>
    <message>
        <source>this model is {state}, not active</source>
        <translation>ce modèle n’est pas actif (état : {state})</translation>
    </message>
    <message>
        <source>this model is {state}, not promoted</source>
        <translation>ce modèle n’est pas promu (état : {state})</translation>
    </message>
    <message>
        <source>this model reads {sources}; this pair is {given}</source>
        <translation>ce modèle lit {sources} ; cette paire est : {given}</translation>
    </message>
    <message>
        <source>this model reads {sources}; this picture is {given}</source>
        <translation>ce modèle lit {sources} ; cette image est : {given}</translation>
    </message>
    <message>
        <source>this model was not written, as nothing could ask it: {error}</source>
        <translation>ce modèle n’a pas été écrit, car rien ne pourrait l’interroger : {error}</translation>
    </message>
    <message>
        <source>this network has no attention to follow</source>
        <translation>ce réseau n’a pas d’attention à suivre</translation>
    </message>
    <message>
        <source>this one shows no structure</source>
        <translation>celle-ci ne montre aucune structure</translation>
    </message>
    <message>
        <source>this os mark is no longer in the library</source>
        <translation>cette marque de l’orifice n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this outline of the cervix is no longer in the library</source>
        <translation>ce contour du col n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this pair has no fluorescence picture to mark</source>
        <translation>cette paire n’a pas d’image en fluorescence à marquer</translation>
    </message>
    <message>
        <source>this pair has no white-light picture to mark</source>
        <translation>cette paire n’a pas d’image en lumière blanche à marquer</translation>
    </message>
    <message>
        <source>this pair is no longer in the library</source>
        <translation>cette paire n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this pair is not in the task</source>
        <translation>cette paire n’est pas dans la tâche</translation>
    </message>
    <message>
        <source>this pair was read already, perhaps in another window</source>
        <translation>cette paire a déjà été lue, peut-être dans une autre fenêtre</translation>
    </message>
    <message>
        <source>this password will not do: it has fewer than {count} letters</source>
        <translation>ce mot de passe ne convient pas : il a moins de {count} caractères</translation>
    </message>
    <message>
        <source>this password will not do: it is little more than the name</source>
        <translation>ce mot de passe ne convient pas : il n’est guère plus que le nom</translation>
    </message>
    <message>
        <source>this password will not do: it is one of those that are tried first</source>
        <translation>ce mot de passe ne convient pas : c’est l’un de ceux qui sont essayés en premier</translation>
    </message>
    <message>
        <source>this password will not do: it is too long</source>
        <translation>ce mot de passe ne convient pas : il est trop long</translation>
    </message>
    <message>
        <source>this patient is not in the library</source>
        <translation>cette patiente n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this picture is no longer in the library</source>
        <translation>cette image n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this picture is not in the library</source>
        <translation>cette image n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this pin is no longer in the library</source>
        <translation>ce repère n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this place lies outside of the picture</source>
        <translation>cet emplacement est hors de l’image</translation>
    </message>
    <message>
        <source>this plan cannot be followed: {error}</source>
        <translation>ce protocole ne peut pas être suivi : {error}</translation>
    </message>
    <message>
        <source>this program runs from its source, and is not installed</source>
        <translation>ce programme tourne depuis son code source et n’est pas installé</translation>
    </message>
    <message>
        <source>this read is gone already</source>
        <translation>cette lecture n’existe déjà plus</translation>
    </message>
    <message>
        <source>this referral is not in the library</source>
        <translation>cet adressage n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this run has no model ({state})</source>
        <translation>cet apprentissage n’a pas de modèle ({state})</translation>
    </message>
    <message>
        <source>this run is not in the library</source>
        <translation>cet apprentissage n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this run is {state}</source>
        <translation>état de cet apprentissage : {state}</translation>
    </message>
    <message>
        <source>this specimen is not in the library</source>
        <translation>ce prélèvement n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this step does not stand in the plan of the examination</source>
        <translation>cette étape ne figure pas dans le protocole de l’examen</translation>
    </message>
    <message>
        <source>this task is closed, or gone: it takes no more reads</source>
        <translation>cette tâche est fermée, ou n’existe plus : elle n’accepte plus de lectures</translation>
    </message>
    <message>
        <source>this task is closed: nothing can be decided in it</source>
        <translation>cette tâche est fermée : rien ne peut y être arbitré</translation>
    </message>
    <message>
        <source>this task is gone</source>
        <translation>cette tâche n’existe plus</translation>
    </message>
    <message>
        <source>this user may not read {path}</source>
        <translation>cet utilisateur n’a pas le droit de lire {path}</translation>
    </message>
    <message>
        <source>this user may not use {name} ({node})</source>
        <translation>cet utilisateur n’a pas le droit d’utiliser {name} ({node})</translation>
    </message>
    <message>
        <source>this very model is here already, as {name}</source>
        <translation>ce modèle même est déjà ici, sous le nom {name}</translation>
    </message>
    <message>
        <source>this visit</source>
        <translation>cette consultation</translation>
    </message>
    <message>
        <source>this visit is a woman's already</source>
        <translation>cette consultation est déjà celle d’une patiente</translation>
    </message>
    <message>
        <source>this visit is hers already</source>
        <translation>cette consultation est déjà la sienne</translation>
    </message>
    <message>
        <source>this visit is no longer in the library</source>
        <translation>cette consultation n’est plus dans la bibliothèque</translation>
    </message>
    <message>
        <source>this visit is not in the library</source>
        <translation>cette consultation n’est pas dans la bibliothèque</translation>
    </message>
    <message>
        <source>this visit is not signed</source>
        <translation>cette consultation n’est pas signée</translation>
    </message>
    <message>
        <source>this visit is not signed: nobody has said who the woman is</source>
        <translation>cette consultation n’est pas signée : personne n’a dit qui est la patiente</translation>
    </message>
    <message>
        <source>this visit's picture shows no structure</source>
        <translation>l’image de cette consultation ne montre aucune structure</translation>
    </message>
    <message>
        <source>threshold {threshold:.2f}</source>
        <translation>seuil {threshold:.2f}</translation>
    </message>
    <message>
        <source>time</source>
        <translation>date et heure</translation>
    </message>
    <message>
        <source>time not known</source>
        <translation>temps inconnu</translation>
    </message>
    <message>
        <source>time of a visit</source>
        <translation>date et heure d’une consultation</translation>
    </message>
    <message>
        <source>to be discussed</source>
        <translation>à discuter</translation>
    </message>
    <message>
        <source>to draw it, go back to those pictures and begin anew</source>
        <translation>pour le tracer, revenez à ces images et recommencez</translation>
    </message>
    <message>
        <source>to learn from</source>
        <translation>pour apprendre</translation>
    </message>
    <message>
        <source>to register by hand, open that visit again and place them anew</source>
        <translation>pour recaler à la main, rouvrez cette consultation et placez-les de nouveau</translation>
    </message>
    <message>
        <source>to remove it press Delete</source>
        <translation>pour le supprimer, appuyez sur Suppr</translation>
    </message>
    <message>
        <source>to take a part away use the eraser (E); for another lesion add one in Findings</source>
        <translation>pour retirer une partie, utilisez la gomme (E) ; pour une autre lésion, ajoutez-en une dans Signes</translation>
    </message>
    <message>
        <source>too bright</source>
        <translation>trop claire</translation>
    </message>
    <message>
        <source>too dark</source>
        <translation>trop sombre</translation>
    </message>
    <message>
        <source>too dark or too bright</source>
        <translation>trop sombre ou trop claire</translation>
    </message>
    <message>
        <source>too dark to tell</source>
        <translation>trop sombre pour juger</translation>
    </message>
    <message>
        <source>too few patients to fine-tune: each grade needs {enough}; missing: {grades}</source>
        <translation>trop peu de patientes pour l’affinage : chaque grade en demande {enough} ; il manque : {grades}</translation>
    </message>
    <message>
        <source>too few points: nothing was drawn</source>
        <translation>trop peu de points : rien n’a été dessiné</translation>
    </message>
    <message>
        <source>too few structures to compare: look whether the tissue fits</source>
        <translation>trop peu de structures à comparer : regardez si les tissus coïncident</translation>
    </message>
    <message>
        <source>too few women to learn from: each grade needs {enough}; missing: {grades}</source>
        <translation>trop peu de patientes dont apprendre : chaque grade en demande {enough} ; il manque : {grades}</translation>
    </message>
    <message>
        <source>too large: {size:.0f} MB, at most {limit} MB a file</source>
        <translation>trop volumineux : {size:.0f} Mo, au plus {limit} Mo par fichier</translation>
    </message>
    <message>
        <source>too little overlap</source>
        <translation>recouvrement insuffisant</translation>
    </message>
    <message>
        <source>too many wrong passwords</source>
        <translation>trop de mots de passe erronés</translation>
    </message>
    <message>
        <source>too small</source>
        <translation>trop petite</translation>
    </message>
    <message>
        <source>tool: {tool}</source>
        <translation>outil : {tool}</translation>
    </message>
    <message>
        <source>total</source>
        <comment>Hysterectomy</comment>
        <translation>totale</translation>
    </message>
    <message>
        <source>train</source>
        <comment>part of the cases</comment>
        <translation>entraînement</translation>
    </message>
    <message>
        <source>train a model from it with `pfm train MANIFEST --out DIR --start {name}`</source>
        <translation>entraînez un modèle à partir de lui avec `pfm train MANIFEST --out DIR --start {name}`</translation>
    </message>
    <message>
        <source>train from nothing, without a start</source>
        <translation>entraînez à partir de rien, sans modèle de départ</translation>
    </message>
    <message>
        <source>train it again, or bring it in as it is: `pfm models import {folder} --name NEW`</source>
        <translation>entraînez-le de nouveau, ou importez-le tel quel : `pfm models import {folder} --name NEW`</translation>
    </message>
    <message>
        <source>train with --variant {variant}, or start from another model</source>
        <translation>entraînez avec --variant {variant}, ou partez d’un autre modèle</translation>
    </message>
    <message>
        <source>transfer syntax {syntax!r}</source>
        <translation>syntaxe de transfert {syntax!r}</translation>
    </message>
    <message>
        <source>transformation zone</source>
        <translation>zone de transformation</translation>
    </message>
    <message>
        <source>transparency (alpha) composited over black</source>
        <translation>transparence (alpha) composée sur fond noir</translation>
    </message>
    <message>
        <source>treated: {answer}</source>
        <translation>traitement : {answer}</translation>
    </message>
    <message>
        <source>treatment, recall, discharge</source>
        <translation>p. ex. contrôle</translation>
    </message>
    <message>
        <source>try again once that is over</source>
        <translation>réessayez une fois que ce sera terminé</translation>
    </message>
    <message>
        <source>try again; capitals and small letters differ</source>
        <translation>réessayez ; majuscules et minuscules sont distinguées</translation>
    </message>
    <message>
        <source>try the password of that day (capitals and small letters differ), the recovery key of that day (--recovery-key), or another backup (--list, --at)</source>
        <translation>essayez le mot de passe de ce jour-là (majuscules et minuscules sont distinguées), la clé de récupération de ce jour-là (--recovery-key) ou une autre sauvegarde (--list, --at)</translation>
    </message>
    <message>
        <source>tumour, gross neoplasm</source>
        <translation>tumeur, néoplasie macroscopique</translation>
    </message>
    <message>
        <source>turned</source>
        <translation>tournée</translation>
    </message>
    <message>
        <source>turned upright as its EXIF data says</source>
        <translation>redressée selon ses données EXIF</translation>
    </message>
    <message>
        <source>two different names are said for one woman</source>
        <translation>deux noms différents sont indiqués pour une même patiente</translation>
    </message>
    <message>
        <source>two different names are said for the identifier {identifier}</source>
        <translation>deux noms différents sont indiqués pour l’identifiant {identifier}</translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Transformation zone</comment>
        <translation>type 1</translation>
    </message>
    <message>
        <source>type 1</source>
        <comment>Excision</comment>
        <translation>type 1</translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Transformation zone</comment>
        <translation>type 2</translation>
    </message>
    <message>
        <source>type 2</source>
        <comment>Excision</comment>
        <translation>type 2</translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Transformation zone</comment>
        <translation>type 3</translation>
    </message>
    <message>
        <source>type 3</source>
        <comment>Excision</comment>
        <translation>type 3</translation>
    </message>
    <message>
        <source>type all nine groups of four letters and digits as they were printed</source>
        <translation>saisissez les neuf groupes de quatre lettres et chiffres tels qu’ils ont été imprimés</translation>
    </message>
    <message>
        <source>type all {count} digits, as Settings of the library shows them</source>
        <translation>saisissez les {count} chiffres, tels que les affichent les Réglages de la bibliothèque</translation>
    </message>
    <message>
        <source>type the name anew, in one alphabet</source>
        <translation>ressaisissez le nom, dans un seul alphabet</translation>
    </message>
    <message>
        <source>type what its sender told you; where that is what you typed, the file is not its sender's</source>
        <translation>tapez celle que l’expéditeur vous a donnée ; si c’est bien celle que vous avez tapée, le fichier n’est pas de lui</translation>
    </message>
    <message>
        <source>ulceration (necrotic)</source>
        <translation>ulcération (nécrotique)</translation>
    </message>
    <message>
        <source>under 1 s</source>
        <translation>moins de 1 s</translation>
    </message>
    <message>
        <source>under {error} px</source>
        <translation>moins de {error} px</translation>
    </message>
    <message>
        <source>undo</source>
        <translation>annuler</translation>
    </message>
    <message>
        <source>unexpected error: {kind}: {error}</source>
        <translation>erreur inattendue : {kind} : {error}</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>day</comment>
        <translation>inconnue</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>how sure</comment>
        <translation>inconnu</translation>
    </message>
    <message>
        <source>unknown</source>
        <comment>birth date</comment>
        <translation>inconnue</translation>
    </message>
    <message>
        <source>unknown grade</source>
        <translation>grade inconnu</translation>
    </message>
    <message>
        <source>unknown splice {splice!r}</source>
        <translation>fusion inconnue {splice!r}</translation>
    </message>
    <message>
        <source>unknown variant {variant!r}</source>
        <translation>variante inconnue {variant!r}</translation>
    </message>
    <message>
        <source>unpack it first</source>
        <translation>décompressez-le d’abord</translation>
    </message>
    <message>
        <source>unpack it first, then choose its folder</source>
        <translation>décompressez-le d’abord, puis choisissez son dossier</translation>
    </message>
    <message>
        <source>unpack it where there is room, and give its folder</source>
        <translation>décompressez-le là où il y a de la place, et indiquez son dossier</translation>
    </message>
    <message>
        <source>unpack version {version} there again, then try again</source>
        <translation>extrayez-y de nouveau la version {version}, puis réessayez</translation>
    </message>
    <message>
        <source>unpacks to more than 200 times its size, as no picture does</source>
        <translation>décompressé, dépasse 200 fois sa taille, ce que ne fait aucune image</translation>
    </message>
    <message>
        <source>unplug it and plug it in</source>
        <translation>débranchez-la et rebranchez-la</translation>
    </message>
    <message>
        <source>unplug it and plug it in again</source>
        <translation>débranchez-la puis rebranchez-la</translation>
    </message>
    <message>
        <source>unsatisfactory</source>
        <translation>non satisfaisante</translation>
    </message>
    <message>
        <source>unsure</source>
        <comment>how sure</comment>
        <translation>incertain</translation>
    </message>
    <message>
        <source>unusable</source>
        <comment>quality</comment>
        <translation>inutilisable</translation>
    </message>
    <message>
        <source>unusual colours</source>
        <translation>couleurs inhabituelles</translation>
    </message>
    <message>
        <source>up</source>
        <translation>monter</translation>
    </message>
    <message>
        <source>up</source>
        <comment>where to swing</comment>
        <translation>vers le haut</translation>
    </message>
    <message>
        <source>update files are for installed programs; bring the source up to date instead</source>
        <translation>les fichiers de mise à jour sont pour les programmes installés ; mettez plutôt à jour le code source</translation>
    </message>
    <message>
        <source>update the program</source>
        <translation>mettez le programme à jour</translation>
    </message>
    <message>
        <source>update the program to read this model</source>
        <translation>mettez le programme à jour pour lire ce modèle</translation>
    </message>
    <message>
        <source>update the program, or choose another model</source>
        <translation>mettez le programme à jour, ou choisissez un autre modèle</translation>
    </message>
    <message>
        <source>update this program</source>
        <translation>mettez ce programme à jour</translation>
    </message>
    <message>
        <source>update this program, or bring the library back to this version: pfm update back --library FOLDER</source>
        <translation>mettez ce programme à jour, ou ramenez la bibliothèque à cette version : pfm update back --library FOLDER</translation>
    </message>
    <message>
        <source>upper third</source>
        <translation>tiers supérieur</translation>
    </message>
    <message>
        <source>use a real lamp, or Linux or macOS</source>
        <translation>utilisez une lampe réelle, ou Linux ou macOS</translation>
    </message>
    <message>
        <source>use digits, letters, - _ + and .</source>
        <translation>utilisez des chiffres, des lettres, - _ + et .</translation>
    </message>
    <message>
        <source>use letters, digits, - _ and .</source>
        <translation>utilisez des lettres, des chiffres, - _ et .</translation>
    </message>
    <message>
        <source>use one of {names}</source>
        <translation>utilisez l’une de ces valeurs : {names}</translation>
    </message>
    <message>
        <source>use the newer file; to go back to the version before, use: pfm update back</source>
        <translation>utilisez le fichier plus récent ; pour revenir à la version précédente, utilisez : pfm update back</translation>
    </message>
    <message>
        <source>vaginal stenosis</source>
        <translation>sténose vaginale</translation>
    </message>
    <message>
        <source>validation</source>
        <comment>part of the cases</comment>
        <translation>validation</translation>
    </message>
    <message>
        <source>version {version} is installed, and {file} holds {other}</source>
        <translation>la version {version} est installée, et {file} contient la version {other}</translation>
    </message>
    <message>
        <source>videos go out one by one, from the clips in Capture</source>
        <translation>les vidéos s’exportent une à une, depuis les clips de la page Acquisition</translation>
    </message>
    <message>
        <source>visit</source>
        <comment>kind of record</comment>
        <translation>consultation</translation>
    </message>
    <message>
        <source>visit of {visit}</source>
        <translation>consultation du {visit}</translation>
    </message>
    <message numerus="yes">
        <source>visit of {when}, %n picture(s)</source>
        <translation>
            <numerusform>consultation du {when}, %n image</numerusform>
            <numerusform>consultation du {when}, %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>vitamin K antagonist</source>
        <translation>antivitamine K</translation>
    </message>
    <message>
        <source>wait for it</source>
        <translation>attendez qu’elle arrive</translation>
    </message>
    <message>
        <source>wait until frames were taken after acid</source>
        <translation>attendez que des images aient été prises après l’acide</translation>
    </message>
    <message>
        <source>wait until it gives pictures again, then repeat this</source>
        <translation>attendez que les images reviennent, puis recommencez</translation>
    </message>
    <message>
        <source>wait until it gives pictures, then repeat this</source>
        <translation>attendez l’arrivée des images, puis recommencez</translation>
    </message>
    <message>
        <source>wait until more frames were taken after acid</source>
        <translation>attendez que davantage d’images aient été prises après l’acide</translation>
    </message>
    <message>
        <source>wait until that has ended, or stop it below; then do it again</source>
        <translation>attendez que ce soit terminé, ou arrêtez-le ci-dessous ; puis recommencez</translation>
    </message>
    <message>
        <source>wait until that run has ended, or name another folder</source>
        <translation>attendez la fin de cette exécution, ou indiquez un autre dossier</translation>
    </message>
    <message>
        <source>wait {seconds} seconds, then try again</source>
        <translation>attendez {seconds} secondes, puis réessayez</translation>
    </message>
    <message numerus="yes">
        <source>waiting %n day(s)</source>
        <translation>
            <numerusform>en attente %n jour</numerusform>
            <numerusform>en attente %n jours</numerusform>
        </translation>
    </message>
    <message>
        <source>warp one onto the other</source>
        <translation>déformez l’une pour l’ajuster à l’autre</translation>
    </message>
    <message>
        <source>warp one onto the other first</source>
        <translation>déformez d’abord l’une pour l’ajuster à l’autre</translation>
    </message>
    <message>
        <source>was prepared at another size than {size}</source>
        <translation>a été préparé à une autre taille que {size}</translation>
    </message>
    <message>
        <source>was prepared from other cases, pictures or sources than the manifest names: {differ} of its {rows} cases differ, such as {case}</source>
        <translation>a été préparé à partir d’autres cas, images ou sources que ceux qu’indique le manifeste : {differ} de ses {rows} cas diffèrent, comme {case}</translation>
    </message>
    <message>
        <source>was written by a newer version of this program</source>
        <comment>a file</comment>
        <translation>a été écrit par une version plus récente de ce programme</translation>
    </message>
    <message>
        <source>was written over at its beginning</source>
        <comment>a file</comment>
        <translation>a été écrasé au début</translation>
    </message>
    <message>
        <source>was {name}, born {born}, ID {identifier}</source>
        <translation>auparavant {name}, naissance : {born}, identifiant {identifier}</translation>
    </message>
    <message>
        <source>well exposed</source>
        <translation>bien exposée</translation>
    </message>
    <message>
        <source>what I saw</source>
        <translation>ce que j’ai vu</translation>
    </message>
    <message>
        <source>what a model was trained on is not one line of at most {most} letters</source>
        <translation>ce sur quoi un modèle a été entraîné n’est pas une seule ligne d’au plus {most} lettres</translation>
    </message>
    <message>
        <source>what came from the camera is no whole picture</source>
        <translation>ce qui est venu de la caméra n’est pas une image entière</translation>
    </message>
    <message>
        <source>what earlier updates changed cannot be read: {file}</source>
        <translation>ce que les mises à jour précédentes ont changé ne peut pas être lu : {file}</translation>
    </message>
    <message>
        <source>what finds the cervix cannot be read: {error}</source>
        <translation>le détecteur du col ne peut pas être lu : {error}</translation>
    </message>
    <message>
        <source>what finds the cervix cannot be used by this OpenCV</source>
        <translation>le détecteur du col ne peut pas être utilisé par cet OpenCV</translation>
    </message>
    <message>
        <source>what finds the cervix is not what was shipped</source>
        <translation>le détecteur du col n’est pas celui qui a été livré</translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be read: {error}</source>
        <translation>le détecteur de mots dans les images ne peut pas être lu : {error}</translation>
    </message>
    <message>
        <source>what finds words in pictures cannot be used by this OpenCV</source>
        <translation>le détecteur de mots dans les images ne peut pas être utilisé par cet OpenCV</translation>
    </message>
    <message>
        <source>what finds words in pictures is not what was shipped</source>
        <translation>le détecteur de mots dans les images n’est pas celui qui a été livré</translation>
    </message>
    <message>
        <source>what is drawn is kept</source>
        <translation>ce qui est dessiné est conservé</translation>
    </message>
    <message>
        <source>what is on {port} answers {said!r}, which is not what was asked</source>
        <translation>ce qui se trouve sur {port} répond {said!r}, ce qui n’est pas ce qui était demandé</translation>
    </message>
    <message>
        <source>what is signed in it is missing or altered</source>
        <translation>ce qui y est signé manque ou a été modifié</translation>
    </message>
    <message>
        <source>what is taken after acetic acid must come after the step that starts its clock</source>
        <translation>ce qui est pris après l’acide acétique doit venir après l’étape qui lance son chronomètre</translation>
    </message>
    <message>
        <source>what it saves comes into the visit</source>
        <translation>ce qu’il enregistre arrive dans la consultation</translation>
    </message>
    <message>
        <source>what speaks for cancer</source>
        <translation>ce qui plaide pour un cancer</translation>
    </message>
    <message>
        <source>what speaks for high</source>
        <translation>ce qui plaide pour un haut grade</translation>
    </message>
    <message>
        <source>what speaks for high, not for normal</source>
        <translation>ce qui plaide pour un haut grade, non pour la normalité</translation>
    </message>
    <message>
        <source>what speaks for low</source>
        <translation>ce qui plaide pour un bas grade</translation>
    </message>
    <message>
        <source>what stands on a pot has at most {most} characters</source>
        <translation>l’inscription d’un pot a au plus {most} caractères</translation>
    </message>
    <message>
        <source>what stood there before is unchanged</source>
        <translation>ce qui s’y trouvait avant est inchangé</translation>
    </message>
    <message>
        <source>what takes the pictures does not come to an end</source>
        <translation>ce qui prend les images ne se termine pas</translation>
    </message>
    <message>
        <source>what was finished before is kept, and nothing was left half written</source>
        <translation>ce qui était terminé auparavant est conservé, et rien n’est resté à moitié écrit</translation>
    </message>
    <message>
        <source>what was finished is kept</source>
        <translation>ce qui était terminé est conservé</translation>
    </message>
    <message>
        <source>what was put back until now stays</source>
        <translation>ce qui a été remis en place jusqu’ici reste</translation>
    </message>
    <message>
        <source>what was read before the AI answer was shown stays as it was</source>
        <translation>ce qui a été lu avant l’affichage de la réponse de l’IA reste inchangé</translation>
    </message>
    <message>
        <source>what was recorded before is kept</source>
        <translation>ce qui a été enregistré auparavant est conservé</translation>
    </message>
    <message>
        <source>what was written last</source>
        <translation>ce qui a été écrit en dernier</translation>
    </message>
    <message>
        <source>what was written of it is removed, and the clip is unchanged</source>
        <translation>ce qui en a été écrit est supprimé, et le clip est inchangé</translation>
    </message>
    <message>
        <source>what was written so far is removed</source>
        <translation>ce qui a été écrit jusqu’ici est supprimé</translation>
    </message>
    <message>
        <source>when it was is not known: {reason}</source>
        <translation>on ne sait pas quand c’était : {reason}</translation>
    </message>
    <message>
        <source>when it was is only a guess: {reason}</source>
        <translation>le moment n’est qu’une supposition : {reason}</translation>
    </message>
    <message>
        <source>when no program has it open, copy the whole folder to a place that can be written and use it there</source>
        <translation>quand aucun programme ne l’a ouverte, copiez tout le dossier à un endroit accessible en écriture et utilisez-la là</translation>
    </message>
    <message>
        <source>when the disk can be written again, open it</source>
        <translation>quand le disque sera de nouveau accessible en écriture, ouvrez-la</translation>
    </message>
    <message>
        <source>when the disk can be written again, open it with your password</source>
        <translation>quand le disque sera de nouveau accessible en écriture, ouvrez-la avec votre mot de passe</translation>
    </message>
    <message>
        <source>when this library was opened the clock of the computer said {now}, and the last entry was of {last}: check the clock. The order in which all was done is kept, and nothing is lost</source>
        <translation>à l’ouverture de cette bibliothèque, l’horloge de l’ordinateur indiquait {now}, et la dernière entrée était du {last} : vérifiez l’horloge. L’ordre dans lequel tout a été fait est conservé, et rien n’est perdu</translation>
    </message>
    <message>
        <source>where it is the wrong one, move it to another patient</source>
        <translation>si ce n’est pas la bonne, déplacez-la vers une autre patiente</translation>
    </message>
    <message>
        <source>which is before {year}</source>
        <translation>ce qui est avant {year}</translation>
    </message>
    <message>
        <source>which is still to come</source>
        <translation>ce qui est encore à venir</translation>
    </message>
    <message>
        <source>which pictures there are to be cannot be read: those were checked that are there, and none is missed</source>
        <translation>la liste des images attendues ne peut pas être lue : celles qui sont présentes ont été vérifiées, et aucune n’est comptée comme manquante</translation>
    </message>
    <message>
        <source>which promises nothing for such pictures</source>
        <translation>qui ne promet rien pour de telles images</translation>
    </message>
    <message>
        <source>white</source>
        <comment>light</comment>
        <translation>lumière blanche</translation>
    </message>
    <message>
        <source>white + fluorescence</source>
        <translation>blanche + fluorescence</translation>
    </message>
    <message>
        <source>white balance</source>
        <translation>balance des blancs</translation>
    </message>
    <message>
        <source>white light</source>
        <comment>pictures of a visit</comment>
        <translation>blanche</translation>
    </message>
    <message>
        <source>white light</source>
        <translation>lumière blanche</translation>
    </message>
    <message>
        <source>white-light picture</source>
        <translation>image en lumière blanche</translation>
    </message>
    <message>
        <source>whitening</source>
        <comment>kind of record</comment>
        <translation>blanchiment</translation>
    </message>
    <message>
        <source>whitening</source>
        <translation>blanchiment</translation>
    </message>
    <message>
        <source>whitening of places ({count})</source>
        <translation>blanchiment d’endroits ({count})</translation>
    </message>
    <message>
        <source>whitening was measured in it</source>
        <translation>le blanchiment y a été mesuré</translation>
    </message>
    <message>
        <source>who the woman is</source>
        <translation>l’identité de la patiente</translation>
    </message>
    <message>
        <source>whose</source>
        <translation>à qui</translation>
    </message>
    <message numerus="yes">
        <source>whose %n picture(s)</source>
        <translation>
            <numerusform>à qui est %n image</numerusform>
            <numerusform>à qui sont %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>whose it is is not known: {reason}</source>
        <translation>on ne sait pas à qui elle est : {reason}</translation>
    </message>
    <message>
        <source>whose it is is only a guess: {reason}</source>
        <translation>à qui elle est n’est qu’une supposition : {reason}</translation>
    </message>
    <message>
        <source>window {width}, level {level}</source>
        <translation>fenêtre {width}, niveau {level}</translation>
    </message>
    <message numerus="yes">
        <source>with %n picture(s)</source>
        <translation>
            <numerusform>avec %n image</numerusform>
            <numerusform>avec %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>with the clock</source>
        <translation>avec le chronomètre</translation>
    </message>
    <message>
        <source>with {picture}</source>
        <translation>avec {picture}</translation>
    </message>
    <message>
        <source>words are drawn into a picture</source>
        <translation>des mots sont incrustés dans une image</translation>
    </message>
    <message numerus="yes">
        <source>words found in %n place(s)</source>
        <translation>
            <numerusform>mots trouvés à %n endroit</numerusform>
            <numerusform>mots trouvés à %n endroits</numerusform>
        </translation>
    </message>
    <message>
        <source>write it as 14 Mar 2026 or 2026-03-14</source>
        <translation>écrivez-le sous la forme 14 mars 2026 ou 2026-03-14</translation>
    </message>
    <message>
        <source>write it as 2026-03-14 10:15, or the day alone</source>
        <translation>écrivez-le sous la forme 2026-03-14 10:15, ou le jour seul</translation>
    </message>
    <message>
        <source>write it like 14 Mar 1988 or 1988-03-14</source>
        <translation>écrivez-la sous la forme 14 mars 1988 ou 1988-03-14</translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026</source>
        <translation>écrivez-le sous la forme 14 mars 2026</translation>
    </message>
    <message>
        <source>write it like 14 Mar 2026 or 2026-03-14</source>
        <translation>écrivez-le sous la forme 14 mars 2026 ou 2026-03-14</translation>
    </message>
    <message>
        <source>write it like 2026-03-14 10:15:00</source>
        <translation>écrivez-le sous la forme 2026-03-14 10:15:00</translation>
    </message>
    <message>
        <source>write one, a word will do</source>
        <translation>écrivez-en un, un mot suffit</translation>
    </message>
    <message>
        <source>write that sentence of the model's {file} without it, also if it does not mean her, and try again</source>
        <translation>réécrivez cette phrase du fichier {file} du modèle sans cela, même si cela ne désigne pas cette patiente, puis réessayez</translation>
    </message>
    <message>
        <source>write the card again</source>
        <translation>réécrivez la fiche</translation>
    </message>
    <message>
        <source>write the month as a word, like {one} {year}</source>
        <translation>écrivez le mois en lettres, comme {one} {year}</translation>
    </message>
    <message>
        <source>write the name so that the two are told apart</source>
        <translation>écrivez le nom de façon à distinguer les deux</translation>
    </message>
    <message>
        <source>write the person's name</source>
        <translation>écrivez le nom de la personne</translation>
    </message>
    <message>
        <source>written</source>
        <comment>Consent</comment>
        <translation>écrit</translation>
    </message>
    <message>
        <source>wrong pair</source>
        <translation>mauvaise paire</translation>
    </message>
    <message>
        <source>wrong source</source>
        <translation>mauvaise source</translation>
    </message>
    <message>
        <source>yes</source>
        <comment>Pregnant</comment>
        <translation>oui</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>oui</translation>
    </message>
    <message>
        <source>you may not use {name}</source>
        <translation>vous n’avez pas le droit d’utiliser {name}</translation>
    </message>
    <message>
        <source>you may not use {port}</source>
        <translation>vous n’avez pas le droit d’utiliser {port}</translation>
    </message>
    <message>
        <source>you were shown what others read of this pair: your read would not be blind to theirs</source>
        <translation>on vous a montré ce que d’autres ont lu de cette paire : votre lecture ne serait pas en aveugle de la leur</translation>
    </message>
    <message>
        <source>your account may not read pairs in this library</source>
        <translation>votre compte n’a pas le droit de lire des paires dans cette bibliothèque</translation>
    </message>
    <message>
        <source>your own password is wrong</source>
        <translation>votre propre mot de passe est erroné</translation>
    </message>
    <message>
        <source>zoom</source>
        <translation>zoom</translation>
    </message>
    <message>
        <source>{account}, with a new password.</source>
        <translation>{account}, avec un nouveau mot de passe.</translation>
    </message>
    <message>
        <source>{again} to go without it; a new one can be made in Settings.</source>
        <translation>{again} pour partir sans elle ; une nouvelle peut être créée dans Réglages.</translation>
    </message>
    <message>
        <source>{age} years old at this visit</source>
        <translation>{age} ans à cette consultation</translation>
    </message>
    <message>
        <source>{answering} answers on this computer, not {model}</source>
        <translation>{answering} répond sur cet ordinateur, pas {model}</translation>
    </message>
    <message>
        <source>{area:.3g} mm², longest diameter {diameter:.1f} mm</source>
        <translation>{area:.3g} mm², plus grand diamètre {diameter:.1f} mm</translation>
    </message>
    <message>
        <source>{arrow}, and closer</source>
        <translation>{arrow}, et plus près</translation>
    </message>
    <message>
        <source>{attention} over {picture}: {limits}.</source>
        <translation>{attention} sur {picture} : {limits}.</translation>
    </message>
    <message>
        <source>{before} on this computer is another model than the one that answered before</source>
        <translation>{before} sur cet ordinateur est un autre modèle que celui qui répondait avant</translation>
    </message>
    <message>
        <source>{before}, now {now}</source>
        <translation>{before}, maintenant {now}</translation>
    </message>
    <message>
        <source>{before}, which answered before, cannot be asked on this computer: {reason}</source>
        <translation>{before}, qui répondait avant, ne peut pas être interrogé sur cet ordinateur : {reason}</translation>
    </message>
    <message>
        <source>{called} does not fit {variant}: {tensor} is {size}, not {wanted}</source>
        <translation>{called} ne convient pas à {variant} : {tensor} est {size}, pas {wanted}</translation>
    </message>
    <message>
        <source>{called} has trunks {width} channels wide, {variant} has {wanted}</source>
        <translation>{called} a des troncs larges de {width} canaux, {variant} en a {wanted}</translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds values that are no numbers</source>
        <translation>{called} est endommagé : {tensor} contient des valeurs qui ne sont pas des nombres</translation>
    </message>
    <message>
        <source>{called} is damaged: {tensor} holds variances below zero</source>
        <translation>{called} est endommagé : {tensor} contient des variances inférieures à zéro</translation>
    </message>
    <message>
        <source>{called} is not a FasterNet: {tensor} and {more} more tensors are missing</source>
        <translation>{called} n’est pas un FasterNet : {tensor} et {more} autres tenseurs manquent</translation>
    </message>
    <message>
        <source>{capture.go} takes what comes next and {capture.acid} starts the clock of acetic acid, with one hand or a pedal. Here a simulated device plays a phantom; no camera is needed.</source>
        <translation>{capture.go} prend ce qui vient ensuite et {capture.acid} lance le chronomètre de l’acide acétique, d’une main ou avec une pédale. Ici, un appareil simulé joue un fantôme ; aucune caméra n’est nécessaire.</translation>
    </message>
    <message>
        <source>{cases} cases of {women} women</source>
        <translation>{cases} cas de {women} patientes</translation>
    </message>
    <message>
        <source>{change} (and {more} more)</source>
        <translation>{change} (et {more} de plus)</translation>
    </message>
    <message>
        <source>{choice} not switched: {why}</source>
        <translation>{choice} : pas de changement ({why})</translation>
    </message>
    <message>
        <source>{columns} x {rows} pixels</source>
        <translation>{columns} x {rows} pixels</translation>
    </message>
    <message>
        <source>{control} of the simulated camera goes from {low:g} to {high:g}</source>
        <translation>{control} de la caméra simulée va de {low:g} à {high:g}</translation>
    </message>
    <message>
        <source>{count:,} older ones are not listed: search for them.</source>
        <translation>{count:,} plus anciennes ne sont pas dans la liste : recherchez-les.</translation>
    </message>
    <message>
        <source>{count} earlier</source>
        <translation>{count} plus tôt</translation>
    </message>
    <message>
        <source>{count} entries: {entries}</source>
        <translation>{count} entrées : {entries}</translation>
    </message>
    <message>
        <source>{count} files found</source>
        <translation>{count} fichiers trouvés</translation>
    </message>
    <message>
        <source>{count} heatmaps, registrations or thumbnails are missing or damaged there: they are made again</source>
        <translation>{count} cartes de chaleur, recalages ou vignettes y manquent ou y sont endommagés : ils sont refaits</translation>
    </message>
    <message>
        <source>{count} of {all} not aligned: shown as taken.</source>
        <translation>Non alignées : {count} sur {all}, montrées telles que prises.</translation>
    </message>
    <message>
        <source>{count} parts: {parts}</source>
        <translation>{count} parties : {parts}</translation>
    </message>
    <message>
        <source>{count}; reading older ones ...</source>
        <translation>{count} ; lecture des plus anciennes ...</translation>
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
        <translation>{distance}, limite {limit}</translation>
    </message>
    <message>
        <source>{distance}, limit {limit}: unlike</source>
        <translation>{distance}, limite {limit} : différent</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,}</source>
        <translation>{done:,} sur {turns:,}</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} decided</source>
        <translation>{done:,} sur {turns:,} arbitrées</translation>
    </message>
    <message>
        <source>{done:,} of {turns:,} read</source>
        <translation>{done:,} sur {turns:,} lues</translation>
    </message>
    <message>
        <source>{done:.0f} of {total:.0f}</source>
        <translation>{done:.0f} sur {total:.0f}</translation>
    </message>
    <message>
        <source>{done} of {parts}. Missing: {gaps}</source>
        <translation>{done} sur {parts}. Il manque : {gaps}</translation>
    </message>
    <message>
        <source>{done}. Undo brings it back.</source>
        <translation>{done}. Annuler remet le tout en place.</translation>
    </message>
    <message>
        <source>{done}. Undo takes it back.</source>
        <translation>{done}. Annuler permet de revenir en arrière.</translation>
    </message>
    <message>
        <source>{earlier} beside {now}</source>
        <translation>{earlier} et {now} côte à côte</translation>
    </message>
    <message>
        <source>{field}: was {value}</source>
        <translation>{field} : auparavant {value}</translation>
    </message>
    <message>
        <source>{files} and {more} more.</source>
        <translation>{files} et {more} de plus.</translation>
    </message>
    <message>
        <source>{files} skipped</source>
        <translation>ignorés : {files}</translation>
    </message>
    <message>
        <source>{file} cannot be read: whose backups these are was told from the snapshots.</source>
        <translation>{file} ne peut pas être lu : la bibliothèque à laquelle appartiennent ces sauvegardes a été déduite des instantanés.</translation>
    </message>
    <message>
        <source>{file} cannot be read: {why}</source>
        <translation>{file} ne peut pas être lu : {why}</translation>
    </message>
    <message>
        <source>{file} carries more than weights ({name})</source>
        <translation>{file} contient plus que des poids ({name})</translation>
    </message>
    <message>
        <source>{file} does not hold what it should: {why}</source>
        <translation>{file} ne contient pas ce qu’il devrait : {why}</translation>
    </message>
    <message>
        <source>{file} does not open {library}: it is the key file of another library, or the database is damaged too</source>
        <translation>{file} n’ouvre pas {library} : c’est le fichier de clé d’une autre bibliothèque, ou la base de données est endommagée aussi</translation>
    </message>
    <message>
        <source>{file} has no section Figures</source>
        <translation>{file} n’a pas de section Figures</translation>
    </message>
    <message>
        <source>{file} holds no installer for this kind of installation ({kind})</source>
        <translation>{file} ne contient pas d’installateur pour ce type d’installation ({kind})</translation>
    </message>
    <message>
        <source>{file} holds no outline of a lesion</source>
        <translation>{file} ne contient aucun contour de lésion</translation>
    </message>
    <message>
        <source>{file} holds no weights</source>
        <translation>{file} ne contient pas de poids</translation>
    </message>
    <message>
        <source>{file} holds something other than weights, or is damaged</source>
        <translation>{file} contient autre chose que des poids, ou est endommagé</translation>
    </message>
    <message>
        <source>{file} is already in this visit; it is not added a second time.</source>
        <translation>{file} est déjà dans cette consultation ; il n’est pas ajouté une seconde fois.</translation>
    </message>
    <message>
        <source>{file} is damaged, or that of another library: {remedy}</source>
        <translation>{file} est endommagé, ou est celui d’une autre bibliothèque : {remedy}</translation>
    </message>
    <message>
        <source>{file} is damaged, or that of another library: {why}</source>
        <translation>{file} est endommagé, ou est celui d’une autre bibliothèque : {why}</translation>
    </message>
    <message>
        <source>{file} is missing: if it was removed, what was done last is not here</source>
        <translation>{file} manque : s’il a été supprimé, ce qui a été fait en dernier n’est pas ici</translation>
    </message>
    <message>
        <source>{file} is missing: whose backups these are was told from the snapshots.</source>
        <translation>{file} manque : la bibliothèque à laquelle appartiennent ces sauvegardes a été déduite des instantanés.</translation>
    </message>
    <message>
        <source>{file} is neither .safetensors nor .pth</source>
        <translation>{file} n’est ni un .safetensors ni un .pth</translation>
    </message>
    <message>
        <source>{file} is no outline of its white-light picture: their sizes are {sizes}</source>
        <translation>{file} n’est pas un contour de son image en lumière blanche : leurs tailles sont {sizes}</translation>
    </message>
    <message>
        <source>{file} is not brought in: {why}</source>
        <translation>{file} n’est pas importé : {why}</translation>
    </message>
    <message>
        <source>{file} is there already</source>
        <translation>{file} existe déjà</translation>
    </message>
    <message>
        <source>{file} lies in the folder of the library</source>
        <translation>{file} se trouve dans le dossier de la bibliothèque</translation>
    </message>
    <message>
        <source>{file} marks {share:.0%} of its picture as lesion</source>
        <translation>{file} marque {share:.0%} de son image comme lésion</translation>
    </message>
    <message>
        <source>{file} was not taken in: {why}. It was left where it is.</source>
        <translation>{file} n’a pas été repris : {why}. Il a été laissé où il est.</translation>
    </message>
    <message>
        <source>{file} {harm}, and before the library is opened without it, a copy is kept: {problem}</source>
        <translation>{file} {harm}, et avant que la bibliothèque soit ouverte sans lui, une copie en est conservée : {problem}</translation>
    </message>
    <message>
        <source>{file} {harm}: a password or the recovery key was being changed, or an older file put back: what was before and what is new open the library; pfm library repair {library} keeps the newer one</source>
        <translation>{file} {harm} : un mot de passe ou la clé de récupération était en cours de changement, ou un fichier plus ancien a été remis en place : l’ancien et le nouveau ouvrent la bibliothèque ; pfm library repair {library} garde le plus récent</translation>
    </message>
    <message>
        <source>{file} {harm}: one is left of two. pfm library repair {library} writes both anew</source>
        <translation>{file} {harm} : il en reste un sur deux. pfm library repair {library} écrit les deux à nouveau</translation>
    </message>
    <message>
        <source>{file} {harm}: what was done last is not here, or not all of it</source>
        <translation>{file} {harm} : ce qui a été fait en dernier n’est pas ici, ou pas entièrement</translation>
    </message>
    <message>
        <source>{file} {harm}: without it and its copy nobody can open the library; make a backup before you close the program, and put {key_file} back from it: {how}</source>
        <translation>{file} {harm} : sans lui et sa copie, personne ne peut ouvrir la bibliothèque ; faites une sauvegarde avant de fermer le programme, et remettez {key_file} en place à partir d’elle : {how}</translation>
    </message>
    <message>
        <source>{first} and {second} do not read the same pictures, and cannot be compared</source>
        <translation>{first} et {second} ne lisent pas les mêmes images et ne peuvent pas être comparés</translation>
    </message>
    <message>
        <source>{folder} cannot be looked into ({reason}). Check its permissions.</source>
        <translation>Le contenu de {folder} ne peut pas être consulté ({reason}). Vérifiez ses permissions.</translation>
    </message>
    <message>
        <source>{folder} cannot be reached: {why}</source>
        <translation>{folder} est inaccessible : {why}</translation>
    </message>
    <message>
        <source>{folder} cannot be used for work: {reason}</source>
        <translation>{folder} ne peut pas servir au travail : {reason}</translation>
    </message>
    <message>
        <source>{folder} has no snapshot</source>
        <translation>{folder} n’a pas d’instantané</translation>
    </message>
    <message>
        <source>{folder} has no snapshot that begins with {beginning!r}</source>
        <translation>{folder} n’a pas d’instantané qui commence par {beginning!r}</translation>
    </message>
    <message>
        <source>{folder} holds backups of another library</source>
        <translation>{folder} contient les sauvegardes d’une autre bibliothèque</translation>
    </message>
    <message>
        <source>{folder} holds no prepared pictures</source>
        <translation>{folder} ne contient pas d’images préparées</translation>
    </message>
    <message>
        <source>{folder} holds no whole case</source>
        <translation>{folder} ne contient aucun cas complet</translation>
    </message>
    <message>
        <source>{folder} holds other files</source>
        <translation>{folder} contient d’autres fichiers</translation>
    </message>
    <message>
        <source>{folder} holds other files (such as {file}), and a model has a folder of its own</source>
        <translation>{folder} contient d’autres fichiers (comme {file}), et un modèle a son propre dossier</translation>
    </message>
    <message>
        <source>{folder} holds weights, but {file}, which says what they are, is missing</source>
        <translation>{folder} contient des poids, mais {file}, qui dit ce qu’ils sont, manque</translation>
    </message>
    <message>
        <source>{folder} is a file</source>
        <translation>{folder} est un fichier</translation>
    </message>
    <message>
        <source>{folder} is a library, or lies within one</source>
        <translation>{folder} est une bibliothèque, ou se trouve dans une bibliothèque</translation>
    </message>
    <message>
        <source>{folder} is in use</source>
        <translation>{folder} est en cours d’utilisation</translation>
    </message>
    <message>
        <source>{folder} is no backup that can be told whose it is: its {about} is missing or cannot be read, and no snapshot or key file in it can be read either</source>
        <translation>{folder} n’est pas une sauvegarde dont on puisse dire de quelle bibliothèque elle est : son {about} manque ou ne peut pas être lu, et aucun instantané ni fichier de clé n’y est lisible non plus</translation>
    </message>
    <message>
        <source>{folder} is no backup: its {about} is missing or cannot be read, and there is no snapshot</source>
        <translation>{folder} n’est pas une sauvegarde : son {about} manque ou ne peut pas être lu, et il n’y a pas d’instantané</translation>
    </message>
    <message>
        <source>{folder} is not empty</source>
        <translation>{folder} n’est pas vide</translation>
    </message>
    <message>
        <source>{folder} lies in quarantine: it was learned from the library {library}</source>
        <translation>{folder} est en quarantaine : il a été entraîné à partir de la bibliothèque {library}</translation>
    </message>
    <message>
        <source>{folder} lies within the folder of the backups</source>
        <translation>{folder} se trouve dans le dossier des sauvegardes</translation>
    </message>
    <message>
        <source>{frames} frames</source>
        <translation>{frames} images</translation>
    </message>
    <message>
        <source>{frames} frames missing</source>
        <translation>{frames} images manquantes</translation>
    </message>
    <message>
        <source>{frames} frames, {refused} left out as they could not be laid over the first</source>
        <translation>{frames} images, {refused} écartées car non superposables à la première</translation>
    </message>
    <message>
        <source>{frames} pictures in the file</source>
        <translation>{frames} images dans le fichier</translation>
    </message>
    <message>
        <source>{gap:.1f} s between the two pictures</source>
        <translation>{gap:.1f} s entre les deux images</translation>
    </message>
    <message>
        <source>{gap} after what stands before it</source>
        <translation>{gap} après ce qui précède</translation>
    </message>
    <message>
        <source>{given} of {items} items, {points} points so far</source>
        <translation>{given} éléments sur {items}, {points} points jusqu’ici</translation>
    </message>
    <message>
        <source>{grade} ({share:.2f}; likeliest {other} {most:.2f})</source>
        <translation>{grade} ({share:.2f} ; le plus probable {other} {most:.2f})</translation>
    </message>
    <message>
        <source>{grade} {missing} more (has {there})</source>
        <translation>{grade} {missing} de plus (il y en a {there})</translation>
    </message>
    <message>
        <source>{grade} {numbers}, in the prediction set</source>
        <translation>{grade} {numbers}, dans l’ensemble de prédiction</translation>
    </message>
    <message>
        <source>{grade} {sign} impression</source>
        <translation>{grade} {sign} impression</translation>
    </message>
    <message>
        <source>{grade} {women:,} more</source>
        <translation>{grade} {women:,} de plus</translation>
    </message>
    <message>
        <source>{help.shortcuts} shows the keys of the page in front, {help.guide} opens the user guide, and Help has this tour again. Nearly everything can be undone with {edit.undo}.</source>
        <translation>{help.shortcuts} affiche les touches de la page affichée, {help.guide} ouvre le guide d’utilisation, et Aide propose de nouveau cette visite. Presque tout peut être annulé avec {edit.undo}.</translation>
    </message>
    <message>
        <source>{hits} of {visits}</source>
        <translation>{hits} sur {visits}</translation>
    </message>
    <message>
        <source>{hours} o'clock</source>
        <translation>{hours} h</translation>
    </message>
    <message>
        <source>{hour} o'clock, {quadrant}</source>
        <translation>{hour} h, {quadrant}</translation>
    </message>
    <message>
        <source>{identifier} in the file's own record is a placeholder that many women may bear</source>
        <translation>{identifier} dans les métadonnées du fichier est une valeur fictive que beaucoup de patientes peuvent porter</translation>
    </message>
    <message>
        <source>{identifier} is a pseudonym that this library gave in an export: she is on record under her own</source>
        <translation>{identifier} est un pseudonyme que cette bibliothèque a donné lors d’un export : la patiente est enregistrée sous son propre identifiant</translation>
    </message>
    <message>
        <source>{identifier} is kept for visits of which nobody has said whose they are</source>
        <translation>{identifier} est réservé aux consultations dont personne n’a dit à qui elles sont</translation>
    </message>
    <message>
        <source>{identifier} then has no visit and goes off the record.</source>
        <translation>{identifier} n’a alors plus de consultation et est retirée du registre.</translation>
    </message>
    <message>
        <source>{identifier}, visit of {day}</source>
        <translation>{identifier}, consultation du {day}</translation>
    </message>
    <message>
        <source>{inside} in the prediction set, {outside} not in it.</source>
        <translation>{inside} dans l’ensemble de prédiction, {outside} hors de celui-ci.</translation>
    </message>
    <message>
        <source>{item} has no answer {key!r}</source>
        <translation>{item} n’a pas de réponse {key!r}</translation>
    </message>
    <message>
        <source>{item} is a day</source>
        <translation>{item} doit être un jour</translation>
    </message>
    <message>
        <source>{item} is a whole number from {least} to {most}</source>
        <translation>{item} doit être un nombre entier de {least} à {most}</translation>
    </message>
    <message>
        <source>{item} lies after this visit</source>
        <translation>{item} est après cette consultation</translation>
    </message>
    <message>
        <source>{item} lies before her birth</source>
        <translation>{item} est avant la naissance de la patiente</translation>
    </message>
    <message>
        <source>{item} lies before this visit, which was on {day}</source>
        <translation>{item} est avant cette consultation, qui a eu lieu le {day}</translation>
    </message>
    <message>
        <source>{item} lies between {first} and today</source>
        <translation>{item} doit être entre {first} et aujourd’hui</translation>
    </message>
    <message>
        <source>{item} lies between {first} and {last}</source>
        <translation>{item} doit être entre {first} et {last}</translation>
    </message>
    <message>
        <source>{item} takes a list of answers</source>
        <translation>{item} attend une liste de réponses</translation>
    </message>
    <message>
        <source>{item} takes at most {most} characters</source>
        <translation>{item} accepte au plus {most} caractères</translation>
    </message>
    <message>
        <source>{item}: "{answer}" stands alone</source>
        <translation>{item} : « {answer} » ne se combine avec rien</translation>
    </message>
    <message>
        <source>{item}: {typed!r} is no day</source>
        <translation>{item} : {typed!r} n’est pas un jour</translation>
    </message>
    <message>
        <source>{job}: stopping</source>
        <translation>{job} : arrêt en cours</translation>
    </message>
    <message>
        <source>{key_file} and {copy} are those of another library</source>
        <translation>{key_file} et {copy} sont ceux d’une autre bibliothèque</translation>
    </message>
    <message>
        <source>{keys} already belongs to "{command}". Choose other keys, or change that first.</source>
        <translation>{keys} appartient déjà à « {command} ». Choisissez d’autres touches, ou changez d’abord celle-là.</translation>
    </message>
    <message>
        <source>{keys} always means "{command}" on the page {page}. Choose other keys.</source>
        <translation>{keys} signifie toujours « {command} » sur la page {page}. Choisissez d’autres touches.</translation>
    </message>
    <message>
        <source>{keys} always means "{command}" there. Choose other keys.</source>
        <translation>{keys} signifie toujours « {command} » à cet endroit. Choisissez d’autres touches.</translation>
    </message>
    <message>
        <source>{keys} is free.</source>
        <translation>{keys} est libre.</translation>
    </message>
    <message>
        <source>{keys} is needed in text fields and lists, and this acts on every page. Choose other keys.</source>
        <translation>{keys} est nécessaire dans les champs de texte et les listes, et ceci agit sur toutes les pages. Choisissez d’autres touches.</translation>
    </message>
    <message>
        <source>{keys} or Escape closes</source>
        <translation>{keys} ou Échap ferme</translation>
    </message>
    <message>
        <source>{key}: note; Enter goes back to the pictures</source>
        <translation>{key} : note ; Entrée revient aux images</translation>
    </message>
    <message>
        <source>{lamp} does not answer</source>
        <translation>{lamp} ne répond pas</translation>
    </message>
    <message>
        <source>{lamp} is not connected</source>
        <translation>{lamp} n’est pas branchée</translation>
    </message>
    <message>
        <source>{lamp} refuses: {error}</source>
        <translation>{lamp} refuse : {error}</translation>
    </message>
    <message>
        <source>{lamp} was unplugged</source>
        <translation>{lamp} a été débranchée</translation>
    </message>
    <message>
        <source>{least} to {most} {unit}</source>
        <translation>{least} à {most} {unit}</translation>
    </message>
    <message>
        <source>{least} to {most}, {threshold}</source>
        <translation>{least} à {most}, {threshold}</translation>
    </message>
    <message>
        <source>{lesion}: drag around it, or click corners (Enter closes)</source>
        <translation>{lesion} : glissez autour, ou cliquez sur les sommets (Entrée ferme)</translation>
    </message>
    <message>
        <source>{lesion}: paint; [ and ] size the brush</source>
        <translation>{lesion} : peignez ; [ et ] règlent le pinceau</translation>
    </message>
    <message>
        <source>{lesion}: take away; [ and ] size the eraser</source>
        <translation>{lesion} : retirez ; [ et ] règlent la gomme</translation>
    </message>
    <message>
        <source>{letter}  {hour} o'clock</source>
        <translation>{letter}  {hour} h</translation>
    </message>
    <message>
        <source>{letter}  {hour} o'clock?</source>
        <translation>{letter}  {hour} h ?</translation>
    </message>
    <message>
        <source>{library} (what was recorded since lies in {file})</source>
        <translation>{library} (ce qui a été enregistré depuis se trouve dans {file})</translation>
    </message>
    <message>
        <source>{library} holds no library of this program</source>
        <translation>{library} ne contient pas de bibliothèque de ce programme</translation>
    </message>
    <message>
        <source>{lines} and {count} more</source>
        <translation>{lines} et {count} de plus</translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits and the chain holds from the first line of the trail to the last.</source>
        <translation>{lines} lignes : la signature concorde et la chaîne tient de la première à la dernière ligne de la piste.</translation>
    </message>
    <message>
        <source>{lines} lines: the signature fits. It is a part of the trail, so the chain between its lines cannot be checked.</source>
        <translation>{lines} lignes : la signature concorde. C’est une partie de la piste, la chaîne entre ses lignes ne peut donc pas être vérifiée.</translation>
    </message>
    <message numerus="yes">
        <source>{lost} (is|are) altered or missing in {folder}, and not in the encrypted copy. Before it is worked with: pfm library repair {folder} --from BACKUP, then encrypt it once more. A backup of the plain library mends no encrypted one</source>
        <translation>
            <numerusform>Altération ou absence dans {folder}, et absence dans la copie chiffrée : {lost}. Avant de s’en servir : pfm library repair {folder} --from BACKUP, puis chiffrez de nouveau. Une sauvegarde de la bibliothèque non chiffrée ne répare pas une bibliothèque chiffrée</numerusform>
            <numerusform>Altération ou absence dans {folder}, et absence dans la copie chiffrée : {lost}. Avant de s’en servir : pfm library repair {folder} --from BACKUP, puis chiffrez de nouveau. Une sauvegarde de la bibliothèque non chiffrée ne répare pas une bibliothèque chiffrée</numerusform>
        </translation>
    </message>
    <message>
        <source>{lost} epochs of an earlier run in {run} were made with other cases, grades or settings (such as --epochs) and are not used; training starts from the beginning</source>
        <translation>{lost} époques d’un apprentissage antérieur dans {run} ont été faites avec d’autres cas, grades ou réglages (comme --epochs) et ne sont pas utilisées ; l’entraînement reprend depuis le début</translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing.</source>
        <translation>Il manque {lost} images sur {taken}.</translation>
    </message>
    <message>
        <source>{lost} of {taken} frames are missing: the disk was too slow.</source>
        <translation>Il manque {lost} images sur {taken} : le disque était trop lent.</translation>
    </message>
    <message>
        <source>{low:.2f} to {high:.2f}</source>
        <translation>{low:.2f} à {high:.2f}</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} à {high}</translation>
    </message>
    <message>
        <source>{manifest} names files that are not among those given ({files})</source>
        <translation>{manifest} nomme des fichiers qui ne sont pas parmi ceux fournis ({files})</translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid).</source>
        <translation>{map} (sur la première image après l’acide).</translation>
    </message>
    <message>
        <source>{map} (over the first frame after acid, dark to bright: 0 to {end:g} {unit}).</source>
        <translation>{map} (sur la première image après l’acide, du sombre au clair : 0 à {end:g} {unit}).</translation>
    </message>
    <message>
        <source>{mm} mm is no length</source>
        <translation>{mm} mm n’est pas une longueur</translation>
    </message>
    <message>
        <source>{model} (cannot answer, see Models)</source>
        <translation>{model} (ne peut pas répondre, voir Modèles)</translation>
    </message>
    <message>
        <source>{model} answers already on this computer</source>
        <translation>{model} répond déjà sur cet ordinateur</translation>
    </message>
    <message>
        <source>{model} answers as before</source>
        <translation>{model} répond comme avant</translation>
    </message>
    <message>
        <source>{model} answers now</source>
        <translation>{model} répond maintenant</translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s).</source>
        <translation>
            <numerusform>{model} est interrogé sur %n paire.</numerusform>
            <numerusform>{model} est interrogé sur %n paires.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{model} is asked about %n pair(s); the other {rest:,} follow at random.</source>
        <translation>
            <numerusform>{model} est interrogé sur %n paire ; les {rest:,} autres suivent au hasard.</numerusform>
            <numerusform>{model} est interrogé sur %n paires ; les {rest:,} autres suivent au hasard.</numerusform>
        </translation>
    </message>
    <message>
        <source>{model} is no longer the model that this one was learned from</source>
        <translation>{model} n’est plus le modèle à partir duquel celui-ci a été entraîné</translation>
    </message>
    <message>
        <source>{model} is no longer the model that this run began with</source>
        <translation>{model} n’est plus le modèle avec lequel cet apprentissage a commencé</translation>
    </message>
    <message>
        <source>{model} is promoted in this library, and {answering} answers on this computer</source>
        <translation>{model} est promu dans cette bibliothèque, et {answering} répond sur cet ordinateur</translation>
    </message>
    <message>
        <source>{model} was compared with {other}, and {answering} answers now</source>
        <translation>{model} a été comparé à {other}, et {answering} répond maintenant</translation>
    </message>
    <message>
        <source>{model} was learned from this library and is {state}: it answers once it is compared and promoted in Fine-tune</source>
        <translation>{model} a été entraîné à partir de cette bibliothèque et est {state} : il répond une fois comparé et promu dans Affinage</translation>
    </message>
    <message>
        <source>{mode} converted to RGB</source>
        <translation>{mode} converti en RVB</translation>
    </message>
    <message>
        <source>{name!r} cannot be a folder on Windows</source>
        <translation>{name!r} ne peut pas être un dossier sous Windows</translation>
    </message>
    <message>
        <source>{name!r} cannot be the name of a model</source>
        <translation>{name!r} ne peut pas être le nom d’un modèle</translation>
    </message>
    <message>
        <source>{name!r} is no visit of this library</source>
        <translation>{name!r} n’est pas une consultation de cette bibliothèque</translation>
    </message>
    <message>
        <source>{name!r} is the beginning of several visits</source>
        <translation>{name!r} est le début de plusieurs consultations</translation>
    </message>
    <message>
        <source>{names} would be one woman</source>
        <translation>{names} seraient une seule patiente</translation>
    </message>
    <message>
        <source>{name}
born {born}, ID {identifier}</source>
        <translation>{name}
née le {born}, identifiant {identifier}</translation>
    </message>
    <message>
        <source>{name}    born {birth_date}    ID {identifier}</source>
        <translation>{name}    naissance : {birth_date}    identifiant {identifier}</translation>
    </message>
    <message>
        <source>{name} (you)</source>
        <translation>{name} (vous)</translation>
    </message>
    <message>
        <source>{name} = {given} is neither true nor false</source>
        <translation>{name} = {given} n’est ni vrai ni faux</translation>
    </message>
    <message>
        <source>{name} = {number} does not fit a network</source>
        <translation>{name} = {number} ne convient pas à un réseau</translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures</source>
        <translation>{name} répond et ne donne pas d’images</translation>
    </message>
    <message>
        <source>{name} answers and gives no pictures that are read</source>
        <translation>{name} répond et ne donne pas d’images lisibles</translation>
    </message>
    <message>
        <source>{name} cannot be reached</source>
        <translation>{name} est injoignable</translation>
    </message>
    <message>
        <source>{name} cannot be read</source>
        <translation>{name} ne peut pas être lu</translation>
    </message>
    <message>
        <source>{name} cannot be read as a video</source>
        <translation>{name} ne peut pas être lu comme vidéo</translation>
    </message>
    <message>
        <source>{name} cannot be read: {problem}</source>
        <translation>{name} ne peut pas être lu : {problem}</translation>
    </message>
    <message>
        <source>{name} does not give pictures in a form that is read</source>
        <translation>{name} ne donne pas d’images sous une forme lisible</translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set here</source>
        <translation>{name} ne permet pas de régler cela ici : {control}</translation>
    </message>
    <message>
        <source>{name} does not let its {control} be set so</source>
        <translation>{name} ne permet pas ce réglage : {control}</translation>
    </message>
    <message>
        <source>{name} does not open: it is not there, another program uses it, or the system's privacy settings forbid it</source>
        <translation>{name} ne s’ouvre pas : absence, utilisation par un autre programme, ou interdiction par les réglages de confidentialité du système</translation>
    </message>
    <message>
        <source>{name} does not open: {why}</source>
        <translation>{name} ne s’ouvre pas : {why}</translation>
    </message>
    <message>
        <source>{name} ended the connection</source>
        <translation>{name} a mis fin à la connexion</translation>
    </message>
    <message>
        <source>{name} failed ({kind})</source>
        <translation>{name} est en échec ({kind})</translation>
    </message>
    <message>
        <source>{name} failed while it was read</source>
        <translation>{name} a échoué pendant la lecture</translation>
    </message>
    <message>
        <source>{name} gives no pictures</source>
        <translation>{name} ne donne pas d’images</translation>
    </message>
    <message>
        <source>{name} has changed since it was looked at</source>
        <translation>{name} a changé depuis son examen</translation>
    </message>
    <message>
        <source>{name} has no frame yet</source>
        <translation>{name} n’a pas encore d’image</translation>
    </message>
    <message>
        <source>{name} has no pictures</source>
        <translation>{name} n’a pas d’images</translation>
    </message>
    <message>
        <source>{name} has {bits} bits a channel in a form that cannot be read</source>
        <translation>{name} a {bits} bits par canal sous une forme qui ne peut pas être lue</translation>
    </message>
    <message>
        <source>{name} has {channels} channels of 16 bits</source>
        <translation>{name} a {channels} canaux de 16 bits</translation>
    </message>
    <message>
        <source>{name} holds 32-bit numbers instead of colours</source>
        <translation>{name} contient des nombres de 32 bits au lieu de couleurs</translation>
    </message>
    <message>
        <source>{name} holds floating-point numbers instead of colours</source>
        <translation>{name} contient des nombres à virgule flottante au lieu de couleurs</translation>
    </message>
    <message>
        <source>{name} is a pickle, which can run programs when it is opened, and is never loaded</source>
        <translation>{name} est un pickle, qui peut exécuter des programmes à l’ouverture, et n’est jamais chargé</translation>
    </message>
    <message>
        <source>{name} is at its end</source>
        <translation>{name} est arrivé à sa fin</translation>
    </message>
    <message>
        <source>{name} is cut short within the zip</source>
        <translation>{name} est tronqué dans le zip</translation>
    </message>
    <message>
        <source>{name} is damaged</source>
        <translation>{name} est endommagé</translation>
    </message>
    <message>
        <source>{name} is damaged or cut short ({kind})</source>
        <translation>{name} est endommagé ou tronqué ({kind})</translation>
    </message>
    <message>
        <source>{name} is damaged or cut short: {how}</source>
        <translation>{name} est endommagé ou tronqué : {how}</translation>
    </message>
    <message>
        <source>{name} is damaged within the zip ({error})</source>
        <translation>{name} est endommagé dans le zip ({error})</translation>
    </message>
    <message>
        <source>{name} is empty (zero bytes)</source>
        <translation>{name} est vide (zéro octet)</translation>
    </message>
    <message>
        <source>{name} is not a file</source>
        <translation>{name} n’est pas un fichier</translation>
    </message>
    <message>
        <source>{name} is not a file any more</source>
        <translation>{name} n’est plus un fichier</translation>
    </message>
    <message>
        <source>{name} is not a picture that can be read</source>
        <translation>{name} n’est pas une image lisible</translation>
    </message>
    <message>
        <source>{name} is not open</source>
        <translation>{name} n’est pas ouverte</translation>
    </message>
    <message>
        <source>{name} is not there</source>
        <translation>{name} est introuvable</translation>
    </message>
    <message>
        <source>{name} is signed in, and cannot sign as {other}</source>
        <translation>{name} a ouvert la session et ne peut pas signer en tant que {other}</translation>
    </message>
    <message>
        <source>{name} is signed out.</source>
        <translation>{name} : déconnexion effectuée.</translation>
    </message>
    <message>
        <source>{name} is there already. Nothing was written. Choose another name.</source>
        <translation>{name} existe déjà. Rien n’a été écrit. Choisissez un autre nom.</translation>
    </message>
    <message>
        <source>{name} is too large</source>
        <translation>{name} est trop volumineux</translation>
    </message>
    <message>
        <source>{name} is too large ({size:.1f} GB)</source>
        <translation>{name} est trop volumineux ({size:.1f} Go)</translation>
    </message>
    <message>
        <source>{name} is too large ({size})</source>
        <translation>{name} est trop volumineux ({size})</translation>
    </message>
    <message>
        <source>{name} is too large or declares no frames ({frames} frames of {size})</source>
        <translation>{name} est trop volumineux ou ne déclare aucune image ({frames} images de {size})</translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({size})</source>
        <translation>{name} est trop petit pour une image ({size})</translation>
    </message>
    <message>
        <source>{name} is too small for a picture ({width} x {height} pixels)</source>
        <translation>{name} est trop petit pour une image ({width} x {height} pixels)</translation>
    </message>
    <message>
        <source>{name} is {on_record}: these would be added to hers.</source>
        <translation>{name} est {on_record} : ces images s’ajouteraient aux siennes.</translation>
    </message>
    <message>
        <source>{name} is {problem}</source>
        <translation>{name} est {problem}</translation>
    </message>
    <message>
        <source>{name} is {roles} in this library</source>
        <translation>{name} est {roles} dans cette bibliothèque</translation>
    </message>
    <message>
        <source>{name} is {roles}: {acts}, nothing else can be changed</source>
        <translation>{name} est {roles} : {acts}, rien d’autre ne peut être modifié</translation>
    </message>
    <message>
        <source>{name} knows no such path</source>
        <translation>{name} ne connaît pas ce chemin</translation>
    </message>
    <message>
        <source>{name} may not {act}</source>
        <translation>{name} n’a pas le droit de faire ceci : {act}</translation>
    </message>
    <message>
        <source>{name} may sign in now.</source>
        <translation>{name} peut maintenant se connecter.</translation>
    </message>
    <message>
        <source>{name} refuses this user</source>
        <translation>{name} refuse cet utilisateur</translation>
    </message>
    <message>
        <source>{name} says the day, and the file's time is of that day</source>
        <translation>{name} indique le jour, et l’heure du fichier est de ce jour</translation>
    </message>
    <message>
        <source>{name} serves others already</source>
        <translation>{name} est déjà utilisée par d’autres</translation>
    </message>
    <message>
        <source>{name} was interrupted</source>
        <translation>{name} a été interrompue</translation>
    </message>
    <message>
        <source>{name} was not added. {why}</source>
        <translation>{name} n’a pas été ajouté. {why}</translation>
    </message>
    <message>
        <source>{name} was unplugged</source>
        <translation>{name} a été débranchée</translation>
    </message>
    <message>
        <source>{name} {cases} ({women} women)</source>
        <translation>{name} {cases} ({women} patientes)</translation>
    </message>
    <message>
        <source>{name} {version} is here now ({label}). It answers nothing until it is chosen.</source>
        <translation>{name} {version} est maintenant ici ({label}). Il ne répond rien tant qu’il n’est pas choisi.</translation>
    </message>
    <message>
        <source>{name} {version}, signed on {day}. Anybody can sign a file: type the fingerprint that its sender told you {way}. It answers nothing until it is chosen here.</source>
        <translation>{name} {version}, signé le {day}. N’importe qui peut signer un fichier : saisissez l’empreinte que son expéditeur vous a communiquée {way}. Il ne répond rien tant qu’il n’est pas choisi ici.</translation>
    </message>
    <message>
        <source>{name}, AI seen before</source>
        <translation>{name}, IA vue avant</translation>
    </message>
    <message>
        <source>{name}, born {birth}, ID {identifier}</source>
        <translation>{name}, naissance : {birth}, identifiant {identifier}</translation>
    </message>
    <message>
        <source>{name}, born {day}</source>
        <translation>{name}, née le {day}</translation>
    </message>
    <message>
        <source>{name}, drift</source>
        <translation>{name}, dérive</translation>
    </message>
    <message>
        <source>{name}, not graded</source>
        <translation>{name}, sans grade</translation>
    </message>
    <message>
        <source>{name}, or a model that it came from, has learned from all women of the locked test: figures on them say nothing</source>
        <translation>{name}, ou un modèle dont il est issu, a appris de toutes les patientes du test verrouillé : les chiffres sur elles ne disent rien</translation>
    </message>
    <message>
        <source>{name}, read again</source>
        <translation>{name}, relecture</translation>
    </message>
    <message>
        <source>{name}, the name of this computer's account; set the reader's name in Settings</source>
        <translation>{name}, le nom du compte de cet ordinateur ; indiquez le nom du lecteur dans Réglages</translation>
    </message>
    <message>
        <source>{name}, {title}, whole</source>
        <translation>{name}, {title}, en entier</translation>
    </message>
    <message>
        <source>{name}: quality {verdict}{problems}.</source>
        <translation>{name} : qualité {verdict}{problems}.</translation>
    </message>
    <message>
        <source>{name}: {folders} would be one woman.</source>
        <translation>{name} : {folders} seraient une seule patiente.</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} sur {count}</translation>
    </message>
    <message>
        <source>{number} of {count}: {picture}; {state}</source>
        <translation>{number} sur {count} : {picture} ; {state}</translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}</source>
        <translation>{number} : dL* maximal {peak:.1f} à {at}</translation>
    </message>
    <message>
        <source>{number}: most dL* {peak:.1f} at {at}, against normal tissue</source>
        <translation>{number} : dL* maximal {peak:.1f} à {at}, par rapport au tissu normal</translation>
    </message>
    <message>
        <source>{number}: no whitening</source>
        <translation>{number} : pas de blanchiment</translation>
    </message>
    <message>
        <source>{one} and {other}</source>
        <translation>{one} et {other}</translation>
    </message>
    <message>
        <source>{one} and {other} and {count} more</source>
        <translation>{one} et {other} et {count} de plus</translation>
    </message>
    <message numerus="yes">
        <source>{one} and {other} are said as birth dates, and all</source>
        <comment>before: would be one woman</comment>
        <translation>
            <numerusform>{one} et {other} sont indiquées comme dates de naissance, et toutes les images</numerusform>
            <numerusform>{one} et {other} sont indiquées comme dates de naissance, et toutes les images</numerusform>
        </translation>
    </message>
    <message>
        <source>{one} and {other}, AI seen</source>
        <translation>{one} et {other}, IA vue</translation>
    </message>
    <message numerus="yes">
        <source>{out:,} of %n picture(s) ({left:,} left out)</source>
        <translation>
            <numerusform>{out:,} sur %n image ({left:,} écartées)</numerusform>
            <numerusform>{out:,} sur %n images ({left:,} écartées)</numerusform>
        </translation>
    </message>
    <message>
        <source>{page} cannot be shown at the moment. The message at the foot of the window says why; Next goes on.</source>
        <translation>{page} ne peut pas être affichée pour le moment. Le message au bas de la fenêtre dit pourquoi ; Suivant continue.</translation>
    </message>
    <message>
        <source>{pairs} (+ {again:,} again)</source>
        <translation>{pairs} (+ {again:,} répétées)</translation>
    </message>
    <message>
        <source>{part} in it is too large</source>
        <translation>{part} y est trop volumineux</translation>
    </message>
    <message>
        <source>{part} is not what was signed</source>
        <translation>{part} n’est pas ce qui a été signé</translation>
    </message>
    <message>
        <source>{path} already holds a library</source>
        <translation>{path} contient déjà une bibliothèque</translation>
    </message>
    <message>
        <source>{path} cannot be looked at: {problem}</source>
        <translation>{path} ne peut pas être examiné : {problem}</translation>
    </message>
    <message>
        <source>{path} cannot be looked at: {why}</source>
        <translation>{path} ne peut pas être examiné : {why}</translation>
    </message>
    <message>
        <source>{path} cannot be read ({error})</source>
        <translation>{path} ne peut pas être lu ({error})</translation>
    </message>
    <message>
        <source>{path} cannot be read as a video: {why}</source>
        <translation>{path} ne peut pas être lu comme vidéo : {why}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {problem}</source>
        <translation>{path} ne peut pas être lu : {problem}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {reason}</source>
        <translation>{path} ne peut pas être lu : {reason}</translation>
    </message>
    <message>
        <source>{path} cannot be read: {why}</source>
        <translation>{path} ne peut pas être lu : {why}</translation>
    </message>
    <message>
        <source>{path} cannot be written as a picture: {said} says no format that is written</source>
        <translation>{path} ne peut pas être écrit comme image : {said} n’indique aucun format d’écriture connu</translation>
    </message>
    <message>
        <source>{path} cannot be written: a JPEG is at most {most} pixels wide and high</source>
        <translation>{path} ne peut pas être écrit : un JPEG a au plus {most} pixels de large et de haut</translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} is no folder</source>
        <translation>{path} ne peut pas être écrit : {folder} n’est pas un dossier</translation>
    </message>
    <message>
        <source>{path} cannot be written: {folder} may not be written</source>
        <translation>{path} ne peut pas être écrit : l’écriture dans {folder} n’est pas permise</translation>
    </message>
    <message>
        <source>{path} could not be written: choose another folder.</source>
        <translation>{path} n’a pas pu être écrit : choisissez un autre dossier.</translation>
    </message>
    <message>
        <source>{path} has format {found}, not {first} or {second}</source>
        <translation>{path} a le format {found}, et non {first} ou {second}</translation>
    </message>
    <message>
        <source>{path} has no [{table}]: it is from an earlier version, or was altered</source>
        <translation>{path} n’a pas de [{table}] : il vient d’une version antérieure, ou a été altéré</translation>
    </message>
    <message>
        <source>{path} has no frame at {seconds:g} seconds</source>
        <translation>{path} n’a pas d’image à {seconds:g} secondes</translation>
    </message>
    <message>
        <source>{path} has no {file}</source>
        <translation>{path} n’a pas de {file}</translation>
    </message>
    <message>
        <source>{path} has the column {columns} twice</source>
        <translation>{path} a deux fois la colonne {columns}</translation>
    </message>
    <message>
        <source>{path} holds more than {count:,} files</source>
        <translation>{path} contient plus de {count:,} fichiers</translation>
    </message>
    <message>
        <source>{path} holds no library: {file} is missing</source>
        <translation>{path} ne contient pas de bibliothèque : {file} manque</translation>
    </message>
    <message>
        <source>{path} holds other files</source>
        <translation>{path} contient d’autres fichiers</translation>
    </message>
    <message>
        <source>{path} holds something else than a library</source>
        <translation>{path} contient autre chose qu’une bibliothèque</translation>
    </message>
    <message>
        <source>{path} holds the pictures of a library whose database is missing</source>
        <translation>{path} contient les images d’une bibliothèque dont la base de données manque</translation>
    </message>
    <message>
        <source>{path} holds the pictures of an encrypted library whose database is missing</source>
        <translation>{path} contient les images d’une bibliothèque chiffrée dont la base de données manque</translation>
    </message>
    <message>
        <source>{path} holds the {file} of a library whose database is missing</source>
        <translation>{path} contient le fichier {file} d’une bibliothèque dont la base de données manque</translation>
    </message>
    <message>
        <source>{path} holds the {file} of an encrypted library whose database is missing</source>
        <translation>{path} contient le fichier {file} d’une bibliothèque chiffrée dont la base de données manque</translation>
    </message>
    <message>
        <source>{path} is a folder</source>
        <translation>{path} est un dossier</translation>
    </message>
    <message>
        <source>{path} is a folder, not a picture</source>
        <translation>{path} est un dossier, pas une image</translation>
    </message>
    <message>
        <source>{path} is a folder, not a {kind}</source>
        <translation>{path} est un dossier, pas un fichier ({kind})</translation>
    </message>
    <message>
        <source>{path} is a pickle, which could hold a program: it was not opened</source>
        <translation>{path} est un pickle, qui pourrait contenir un programme : il n’a pas été ouvert</translation>
    </message>
    <message>
        <source>{path} is coded in {shown}, which is not read</source>
        <translation>{path} est codé en {shown}, ce qui n’est pas lu</translation>
    </message>
    <message>
        <source>{path} is damaged or no update file: {why}</source>
        <translation>{path} est endommagé ou n’est pas un fichier de mise à jour : {why}</translation>
    </message>
    <message>
        <source>{path} is damaged: {error} is missing</source>
        <translation>{path} est endommagé : {error} manque</translation>
    </message>
    <message>
        <source>{path} is damaged: {said}</source>
        <translation>{path} est endommagé : {said}</translation>
    </message>
    <message>
        <source>{path} is encrypted already</source>
        <translation>{path} est déjà chiffrée</translation>
    </message>
    <message>
        <source>{path} is far too large ({size} bytes)</source>
        <translation>{path} est beaucoup trop volumineux ({size} octets)</translation>
    </message>
    <message>
        <source>{path} is in the way</source>
        <translation>{path} gêne</translation>
    </message>
    <message>
        <source>{path} is named twice and would be overwritten</source>
        <translation>{path} est nommé deux fois et serait écrasé</translation>
    </message>
    <message>
        <source>{path} is not UTF-8 text</source>
        <translation>{path} n’est pas un texte UTF-8</translation>
    </message>
    <message>
        <source>{path} is not a CSV table: {error}</source>
        <translation>{path} n’est pas un tableau CSV : {error}</translation>
    </message>
    <message>
        <source>{path} is not a file</source>
        <translation>{path} n’est pas un fichier</translation>
    </message>
    <message>
        <source>{path} is not a file that may be written: /{folder} belongs to the system</source>
        <translation>{path} n’est pas un fichier où l’on peut écrire : /{folder} appartient au système</translation>
    </message>
    <message>
        <source>{path} is not a readable safetensors file ({error})</source>
        <translation>{path} n’est pas un fichier safetensors lisible ({error})</translation>
    </message>
    <message>
        <source>{path} is not a video that can be read</source>
        <translation>{path} n’est pas une vidéo lisible</translation>
    </message>
    <message>
        <source>{path} is not a zip that can be read, or it is cut short</source>
        <translation>{path} n’est pas un zip lisible, ou est tronqué</translation>
    </message>
    <message>
        <source>{path} is not signed by those whom this program trusts</source>
        <translation>{path} n’est pas signé par ceux à qui ce programme fait confiance</translation>
    </message>
    <message>
        <source>{path} is not there</source>
        <translation>{path} est introuvable</translation>
    </message>
    <message>
        <source>{path} is of a form that this version does not know</source>
        <translation>{path} est d’une forme que cette version ne connaît pas</translation>
    </message>
    <message>
        <source>{path} is separated by {marks}</source>
        <translation>{path} a pour séparateurs : {marks}</translation>
    </message>
    <message>
        <source>{path} is too large for a {kind}</source>
        <translation>{path} est trop volumineux pour ce type de fichier ({kind})</translation>
    </message>
    <message numerus="yes">
        <source>{path} lacks the column(s) {columns}</source>
        <translation>
            <numerusform>il manque à {path} la colonne {columns}</numerusform>
            <numerusform>il manque à {path} les colonnes {columns}</numerusform>
        </translation>
    </message>
    <message>
        <source>{path} may not be installed any more: it was good until {until}, and this computer's clock says {now}</source>
        <translation>{path} ne peut plus être installé : il était valable jusqu’au {until}, et l’horloge de cet ordinateur indique {now}</translation>
    </message>
    <message>
        <source>{path} may not be read: permission denied</source>
        <translation>{path} ne peut pas être lu : permission refusée</translation>
    </message>
    <message>
        <source>{path} names no case</source>
        <translation>{path} ne nomme aucun cas</translation>
    </message>
    <message>
        <source>{path} names the case {name} twice (lines {first} and {second})</source>
        <translation>{path} nomme deux fois le cas {name} (lignes {first} et {second})</translation>
    </message>
    <message>
        <source>{path} names the file {name} twice (lines {first} and {second})</source>
        <translation>{path} nomme deux fois le fichier {name} (lignes {first} et {second})</translation>
    </message>
    <message>
        <source>{path} unpacks to {unpacked:,.0f} MB, more than {times} times its {packed:,.1f} MB, as no pictures do (up to {free} MB it may); at most {limit} GB are read of a zip</source>
        <translation>{path} décompressé occupe {unpacked:,.0f} Mo, plus de {times} fois ses {packed:,.1f} Mo, ce que ne font pas des images (c’est admis jusqu’à {free} Mo) ; on lit au plus {limit} Go d’un zip</translation>
    </message>
    <message>
        <source>{path} was altered after the model was made</source>
        <translation>{path} a été altéré après la création du modèle</translation>
    </message>
    <message>
        <source>{path} was signed before an update file that was installed, or made ready, here already</source>
        <translation>{path} a été signé avant un fichier de mise à jour qui a déjà été installé, ou préparé, ici</translation>
    </message>
    <message>
        <source>{path}, line {line}</source>
        <translation>{path}, ligne {line}</translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix</source>
        <translation>{percent:.0f} % du col</translation>
    </message>
    <message>
        <source>{percent:.0f} % of the cervix as found</source>
        <translation>{percent:.0f} % du col tel que détecté</translation>
    </message>
    <message>
        <source>{pictures} already in the library</source>
        <translation>déjà dans la bibliothèque : {pictures}</translation>
    </message>
    <message>
        <source>{pictures} left out</source>
        <translation>écartées : {pictures}</translation>
    </message>
    <message>
        <source>{pictures} pictures added</source>
        <translation>{pictures} images ajoutées</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits added</source>
        <translation>{pictures} images ajoutées dans {visits} consultations</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits moved</source>
        <translation>{pictures} images de {visits} consultations déplacées</translation>
    </message>
    <message>
        <source>{pictures} pictures in {visits} visits removed</source>
        <translation>{pictures} images de {visits} consultations retirées</translation>
    </message>
    <message>
        <source>{pictures} pictures moved</source>
        <translation>{pictures} images déplacées</translation>
    </message>
    <message>
        <source>{pictures} pictures removed</source>
        <translation>{pictures} images retirées</translation>
    </message>
    <message>
        <source>{pictures} to be looked at</source>
        <translation>à examiner : {pictures}</translation>
    </message>
    <message>
        <source>{picture} (space: the other)</source>
        <translation>{picture} (Espace : l’autre)</translation>
    </message>
    <message>
        <source>{picture} of {part}</source>
        <translation>{picture} ({part})</translation>
    </message>
    <message>
        <source>{picture} {problems}.</source>
        <translation>{picture} {problems}.</translation>
    </message>
    <message>
        <source>{picture}, being registered</source>
        <translation>{picture}, recalage en cours</translation>
    </message>
    <message>
        <source>{picture}, not registered</source>
        <translation>{picture}, non recalée</translation>
    </message>
    <message>
        <source>{picture}, {seconds:.0f} s after acid</source>
        <translation>{picture}, {seconds:.0f} s après l’acide</translation>
    </message>
    <message>
        <source>{picture}: missing in the library, its file is gone or was altered.</source>
        <translation>{picture} : absente de la bibliothèque, son fichier a disparu ou a été modifié.</translation>
    </message>
    <message>
        <source>{picture}: not shown, as the other picture of its pair is missing.</source>
        <translation>{picture} : non affichée, car l’autre image de la paire est absente.</translation>
    </message>
    <message>
        <source>{place} (on other pictures of this visit)</source>
        <translation>{place} (sur d’autres images de cette consultation)</translation>
    </message>
    <message>
        <source>{problem}. Nothing was saved.</source>
        <translation>{problem}. Rien n’a été enregistré.</translation>
    </message>
    <message>
        <source>{problem}: a backup opens with those of its day, here of {snapshot}, whatever was changed since</source>
        <translation>{problem} : une sauvegarde s’ouvre avec le mot de passe ou la clé de son jour, ici {snapshot}, quels que soient les changements depuis</translation>
    </message>
    <message>
        <source>{problem}: copy it again from where it came, for what follows</source>
        <translation>{problem} : recopiez-le depuis son origine pour obtenir la suite</translation>
    </message>
    <message>
        <source>{pseudonym} is {woman}. That you asked is on record.</source>
        <translation>{pseudonym} est {woman}. Votre demande est consignée.</translation>
    </message>
    <message>
        <source>{reader} no longer reads {task}: the reader is {now} now.</source>
        <translation>{reader} ne lit plus {task} : c’est maintenant {now} qui lit.</translation>
    </message>
    <message numerus="yes">
        <source>{ready} of %n picture(s) will be brought in</source>
        <translation>
            <numerusform>À importer : {ready} sur %n image</numerusform>
            <numerusform>À importer : {ready} sur %n images</numerusform>
        </translation>
    </message>
    <message>
        <source>{reason}, and that her identity was removed: it may be a pseudonym</source>
        <translation>{reason}, et aussi que l’identité de la patiente a été retirée : ce peut être un pseudonyme</translation>
    </message>
    <message>
        <source>{reason}, and the same stands beside {names}</source>
        <translation>{reason}, et la même valeur figure à côté de {names}</translation>
    </message>
    <message>
        <source>{reason}, and the visit was said to be on {day}</source>
        <translation>{reason}, et la consultation a été indiquée au {day}</translation>
    </message>
    <message>
        <source>{reason}, but it stands in {places}, where numbers may begin anew</source>
        <translation>{reason}, mais cela figure dans {places}, où la numérotation peut recommencer</translation>
    </message>
    <message>
        <source>{reason}, but its colours are those of {light}</source>
        <translation>{reason}, mais ses couleurs sont celles de {light}</translation>
    </message>
    <message>
        <source>{reason}, but its record says that the patient is male</source>
        <translation>{reason}, mais ses métadonnées disent que le patient est de sexe masculin</translation>
    </message>
    <message>
        <source>{reason}, but its record says {kind}, which is no photograph of a cervix</source>
        <translation>{reason}, mais ses métadonnées disent {kind}, ce qui n’est pas une photographie du col</translation>
    </message>
    <message>
        <source>{reason}, but its study holds pictures of {others} as well</source>
        <translation>{reason}, mais son étude contient aussi des images de {others}</translation>
    </message>
    <message>
        <source>{reason}, but nothing else says it</source>
        <translation>{reason}, mais rien d’autre ne l’indique</translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside different birth dates</source>
        <translation>{reason}, mais la même valeur figure à côté de dates de naissance différentes</translation>
    </message>
    <message>
        <source>{reason}, but the same stands beside {names}</source>
        <translation>{reason}, mais la même valeur figure à côté de {names}</translation>
    </message>
    <message>
        <source>{reason}, but {doubt}</source>
        <translation>{reason}, mais {doubt}</translation>
    </message>
    <message>
        <source>{reason}, but {figures} behind the day may be a count</source>
        <translation>{reason}, mais {figures} après le jour est peut-être un numéro d’ordre</translation>
    </message>
    <message>
        <source>{reason}, but {names} within it may be different women</source>
        <translation>{reason}, mais {names} à l’intérieur peuvent être des patientes différentes</translation>
    </message>
    <message>
        <source>{reason}, but {where} says {number}</source>
        <translation>{reason}, mais {where} indique {number}</translation>
    </message>
    <message>
        <source>{reason}, but {where} within it may name her</source>
        <translation>{reason}, mais {where} à l’intérieur peut désigner la patiente</translation>
    </message>
    <message>
        <source>{reason}: {figures} behind it is taken for a count</source>
        <translation>{reason} : {figures} après lui est pris pour un numéro d’ordre</translation>
    </message>
    <message>
        <source>{reason}: {number} is {name} in this library.</source>
        <translation>{reason} : {number} est {name} dans cette bibliothèque.</translation>
    </message>
    <message>
        <source>{reason}: {number}, and hers is {identifier}.</source>
        <translation>{reason} : {number}, et celui de cette patiente est {identifier}.</translation>
    </message>
    <message>
        <source>{reason}; they differ in shape ({one} and {other})</source>
        <translation>{reason} ; leurs formes diffèrent ({one} et {other})</translation>
    </message>
    <message>
        <source>{reason}; without points: {cause}</source>
        <translation>{reason} ; sans points : {cause}</translation>
    </message>
    <message>
        <source>{regions}, dashed line</source>
        <translation>{regions}, trait discontinu</translation>
    </message>
    <message>
        <source>{regions}, whole line</source>
        <translation>{regions}, trait continu</translation>
    </message>
    <message>
        <source>{registered}, by hand</source>
        <translation>{registered}, à la main</translation>
    </message>
    <message>
        <source>{remedy}, or {other_way}</source>
        <translation>{remedy}, ou {other_way}</translation>
    </message>
    <message>
        <source>{review.pin} takes the pin tool, and a click marks where a biopsy was taken. Each pin has its pot here, and {review.labels} saves the labels of the pots.</source>
        <translation>{review.pin} prend l’outil repère, et un clic marque l’endroit d’une biopsie. Chaque repère a ici son pot, et {review.labels} enregistre les étiquettes des pots.</translation>
    </message>
    <message>
        <source>{same} the same, {far} two grades or more apart</source>
        <translation>{same} identiques, {far} à deux grades d’écart ou plus</translation>
    </message>
    <message>
        <source>{scale:.4g} mm a pixel: the picture is {width:.1f} mm wide.</source>
        <translation>{scale:.4g} mm par pixel : l’image a {width:.1f} mm de large.</translation>
    </message>
    <message>
        <source>{seconds:.0f} s after acid</source>
        <translation>{seconds:.0f} s après l’acide</translation>
    </message>
    <message>
        <source>{seconds:.0f} s long</source>
        <translation>durée {seconds:.0f} s</translation>
    </message>
    <message>
        <source>{seconds:.1f} of {total:.1f} s</source>
        <translation>{seconds:.1f} sur {total:.1f} s</translation>
    </message>
    <message>
        <source>{sentence}.</source>
        <translation>{sentence}.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen after Lugol's iodine.</source>
        <translation>{share:.0%} de l’image en lumière blanche est visible après lugol.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in fluorescence.</source>
        <translation>{share:.0%} de l’image en lumière blanche est visible en fluorescence.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen in white light.</source>
        <translation>{share:.0%} de l’image en lumière blanche est visible en lumière blanche.</translation>
    </message>
    <message>
        <source>{share:.0%} of the white-light picture is seen through the green filter.</source>
        <translation>{share:.0%} de l’image en lumière blanche est visible avec le filtre vert.</translation>
    </message>
    <message>
        <source>{share:.0%} of this visit's picture is seen in the earlier one.</source>
        <translation>{share:.0%} de l’image de cette consultation est visible dans l’antérieure.</translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits found; scroll down for older ones</source>
        <translation>{shown:,} sur {total:,} consultations trouvées ; faites défiler vers le bas pour les plus anciennes</translation>
    </message>
    <message>
        <source>{shown:,} of {total:,} visits; scroll down for older ones</source>
        <translation>{shown:,} sur {total:,} consultations ; faites défiler vers le bas pour les plus anciennes</translation>
    </message>
    <message>
        <source>{shown} of {there} are shown, chosen evenly.</source>
        <translation>{shown} sur {there} sont montrées, choisies à intervalles réguliers.</translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the clip are shown, chosen evenly.</source>
        <translation>{shown} images du clip sur {there} sont montrées, choisies à intervalles réguliers.</translation>
    </message>
    <message>
        <source>{shown} of {there} pictures of the whitening clip are shown, chosen evenly.</source>
        <translation>{shown} images du clip de blanchiment sur {there} sont montrées, choisies à intervalles réguliers.</translation>
    </message>
    <message>
        <source>{software}   made {when}</source>
        <translation>{software}   établi le {when}</translation>
    </message>
    <message>
        <source>{software}, made {when}</source>
        <translation>{software}, établi le {when}</translation>
    </message>
    <message>
        <source>{sources} are no pair</source>
        <translation>{sources} ne forment pas une paire</translation>
    </message>
    <message>
        <source>{sources}, {variant}, {splice} splice, {size} px input</source>
        <translation>{sources}, {variant}, fusion {splice}, entrée {size} px</translation>
    </message>
    <message>
        <source>{source} alone: {answer}</source>
        <translation>{source} uniquement : {answer}</translation>
    </message>
    <message>
        <source>{source} only</source>
        <translation>{source} uniquement</translation>
    </message>
    <message>
        <source>{source}, stage not known</source>
        <translation>{source}, étape inconnue</translation>
    </message>
    <message>
        <source>{source}: such a picture is read beside white light only</source>
        <translation>{source} : une telle image ne se lit qu’à côté de la lumière blanche</translation>
    </message>
    <message>
        <source>{squares} squares were seen. Their sides differ by {spread:.1%} (0 %: flat, square to the view).</source>
        <translation>{squares} carrés ont été vus. Leurs côtés diffèrent de {spread:.1%} (0 % : à plat, perpendiculaire à la vue).</translation>
    </message>
    <message>
        <source>{stage} (white light)</source>
        <translation>{stage} (lumière blanche)</translation>
    </message>
    <message>
        <source>{stage} + fluorescence</source>
        <translation>{stage} + fluorescence</translation>
    </message>
    <message>
        <source>{start:.0f} to {end:.0f} s after acid</source>
        <translation>{start:.0f} à {end:.0f} s après l’acide</translation>
    </message>
    <message>
        <source>{step} of {steps}</source>
        <translation>{step} sur {steps}</translation>
    </message>
    <message>
        <source>{step}: {done:.0f} of {total:.0f}.</source>
        <translation>{step} : {done:.0f} sur {total:.0f}.</translation>
    </message>
    <message>
        <source>{step}{share}. You can go on working meanwhile.</source>
        <translation>{step}{share}. Vous pouvez continuer à travailler pendant ce temps.</translation>
    </message>
    <message>
        <source>{stored} bits scaled to 8 bits</source>
        <translation>{stored} bits ramenés à 8 bits</translation>
    </message>
    <message>
        <source>{text} of {woman}</source>
        <translation>{text} ({woman})</translation>
    </message>
    <message>
        <source>{these} and {last}</source>
        <translation>{these} et {last}</translation>
    </message>
    <message>
        <source>{these} and {this}</source>
        <translation>{these} et {this}</translation>
    </message>
    <message>
        <source>{these} or {this}</source>
        <translation>{these} ou {this}</translation>
    </message>
    <message>
        <source>{time} after acid</source>
        <translation>{time} après l’acide</translation>
    </message>
    <message>
        <source>{title}. You can go on working meanwhile.</source>
        <translation>{title}. Vous pouvez continuer à travailler pendant ce temps.</translation>
    </message>
    <message>
        <source>{title}: visit of {when}</source>
        <translation>{title} : consultation du {when}</translation>
    </message>
    <message>
        <source>{title}: {what}</source>
        <translation>{title} : {what}</translation>
    </message>
    <message>
        <source>{total} of 10</source>
        <translation>{total} sur 10</translation>
    </message>
    <message>
        <source>{total} of 8</source>
        <translation>{total} sur 8</translation>
    </message>
    <message>
        <source>{typed} can mean {one} or {other}</source>
        <translation>{typed} peut signifier {one} ou {other}</translation>
    </message>
    <message>
        <source>{typed} is no birth date</source>
        <translation>{typed} n’est pas une date de naissance</translation>
    </message>
    <message>
        <source>{typed} is no day</source>
        <translation>{typed} n’est pas un jour</translation>
    </message>
    <message>
        <source>{typed} is no day of a report</source>
        <translation>{typed} n’est pas le jour d’un compte rendu</translation>
    </message>
    <message>
        <source>{typed} is no number of seconds after acetic acid</source>
        <translation>{typed} n’est pas un nombre de secondes après l’acide acétique</translation>
    </message>
    <message>
        <source>{typed} is not a time</source>
        <translation>{typed} n’est pas un moment valide</translation>
    </message>
    <message>
        <source>{user} on {host} (process {pid}, since {since})</source>
        <translation>{user} sur {host} (processus {pid}, depuis le {since})</translation>
    </message>
    <message>
        <source>{value:g} is no value for the {control}</source>
        <translation>{value:g} n’est pas une valeur possible ({control})</translation>
    </message>
    <message>
        <source>{variable} is {name!r}</source>
        <translation>{variable} vaut {name!r}</translation>
    </message>
    <message>
        <source>{verdict} (the last pair)</source>
        <translation>{verdict} (la dernière paire)</translation>
    </message>
    <message>
        <source>{version!r} cannot be the version of a model</source>
        <translation>{version!r} ne peut pas être la version d’un modèle</translation>
    </message>
    <message>
        <source>{version}, from its source in {folder}</source>
        <translation>{version}, depuis son code source dans {folder}</translation>
    </message>
    <message>
        <source>{version}, in {folder}</source>
        <translation>{version}, dans {folder}</translation>
    </message>
    <message>
        <source>{view} follows once the pictures are aligned</source>
        <translation>{view} suivra une fois les images alignées</translation>
    </message>
    <message>
        <source>{view} follows once the pictures are registered</source>
        <translation>{view} suivra une fois les images recalées</translation>
    </message>
    <message>
        <source>{view} needs a registration: the pictures do not lie on each other yet</source>
        <translation>{view} nécessite un recalage : les images ne se superposent pas encore</translation>
    </message>
    <message>
        <source>{view} needs both pictures</source>
        <translation>{view} nécessite les deux images</translation>
    </message>
    <message>
        <source>{view} needs two pictures that lie on each other: these are not aligned</source>
        <translation>{view} nécessite deux images qui se superposent : celles-ci ne sont pas alignées</translation>
    </message>
    <message>
        <source>{visits}, WITH NAMES.

Goes out: name, number, birth date, pictures; findings and pins; registration of the pair that opens or was signed, its AI answer if it was revealed; of signed visits the report. Nothing is removed.

It goes on record, before the first file is written: who, when, which visits.</source>
        <translation>{visits}, AVEC LES NOMS.

Sont exportés : nom, numéro, date de naissance, images ; constatations et repères ; recalage de la paire qui s’ouvre ou qui a été signée, sa réponse de l’IA si elle a été révélée ; le compte rendu des consultations signées. Rien n’est retiré.

Sont consignés, avant l’écriture du premier fichier : qui, quand, quelles consultations.</translation>
    </message>
    <message>
        <source>{visits}, {pictures}, under pseudonyms.</source>
        <translation>{visits}, {pictures}, sous pseudonymes.</translation>
    </message>
    <message>
        <source>{weights} is not a readable safetensors file ({error})</source>
        <translation>{weights} n’est pas un fichier safetensors lisible ({error})</translation>
    </message>
    <message>
        <source>{what_is_done} by {holder}</source>
        <translation>{what_is_done} par {holder}</translation>
    </message>
    <message>
        <source>{where} and {other} say different numbers</source>
        <translation>{where} et {other} indiquent des numéros différents</translation>
    </message>
    <message>
        <source>{where} has {count} entries, as one value for each case would be</source>
        <translation>{where} a {count} entrées, comme en aurait une valeur par cas</translation>
    </message>
    <message>
        <source>{where} holds marks of women</source>
        <translation>{where} contient des marques de patientes</translation>
    </message>
    <message>
        <source>{where} is a list of lists</source>
        <translation>{where} est une liste de listes</translation>
    </message>
    <message>
        <source>{where} is a list of {count} where no model of this program has one, as one value for each case would be</source>
        <translation>{where} est une liste de {count} là où aucun modèle de ce programme n’en a, comme le serait une valeur par cas</translation>
    </message>
    <message>
        <source>{where} is a table that no model of this program has</source>
        <translation>{where} est un tableau qu’aucun modèle de ce programme n’a</translation>
    </message>
    <message>
        <source>{where} is a text that nobody can read</source>
        <translation>{where} est un texte que personne ne peut lire</translation>
    </message>
    <message>
        <source>{where} looks like a clinic's number</source>
        <translation>{where} ressemble à un numéro de patiente d’un centre</translation>
    </message>
    <message>
        <source>{where} names a file or folder ({path})</source>
        <translation>{where} nomme un fichier ou un dossier ({path})</translation>
    </message>
    <message>
        <source>{where} says a number, which may be another than a clinic's</source>
        <translation>{where} indique un numéro, qui n’est peut-être pas un numéro de patiente d’un centre</translation>
    </message>
    <message>
        <source>{where} says so</source>
        <translation>{where} l’indique</translation>
    </message>
    <message>
        <source>{where} says two stages ({words})</source>
        <translation>{where} indique deux étapes ({words})</translation>
    </message>
    <message>
        <source>{where} says {day}</source>
        <translation>{where} indique le {day}</translation>
    </message>
    <message>
        <source>{where}: more cells than columns</source>
        <translation>{where} : plus de cellules que de colonnes</translation>
    </message>
    <message>
        <source>{where}: no x and y</source>
        <translation>{where} : pas de x ni de y</translation>
    </message>
    <message>
        <source>{where}: not a finite number</source>
        <translation>{where} : pas un nombre fini</translation>
    </message>
    <message>
        <source>{who} may not {act} in this library.</source>
        <translation>{who} : pas le droit de faire ceci dans cette bibliothèque : {act}.</translation>
    </message>
    <message>
        <source>{width} x {height} pixels</source>
        <translation>{width} x {height} pixels</translation>
    </message>
    <message>
        <source>{width} x {height} pixels of 16 bits, with transparency</source>
        <translation>{width} x {height} pixels de 16 bits, avec transparence</translation>
    </message>
    <message>
        <source>{woman} is being examined: marks, whitening and clips end where another visit is opened. Press again within 3 seconds to open it all the same.</source>
        <translation>{woman} est en cours d’examen : repères de temps, blanchiment et clips prennent fin à l’ouverture d’une autre consultation. Appuyez de nouveau dans les 3 secondes pour l’ouvrir quand même.</translation>
    </message>
    <message>
        <source>{woman}, examination: {field}</source>
        <translation>{woman}, examen : {field}</translation>
    </message>
    <message>
        <source>{woman}, follow-up: {field}</source>
        <translation>{woman}, suivi : {field}</translation>
    </message>
    <message>
        <source>{woman}, how {specimen} was taken: {field}</source>
        <translation>{woman}, mode de prélèvement ({specimen}) : {field}</translation>
    </message>
    <message>
        <source>{woman}, lesion {number}: {field}</source>
        <translation>{woman}, lésion {number} : {field}</translation>
    </message>
    <message>
        <source>{woman}, referral card: {field}</source>
        <translation>{woman}, fiche d’adressage : {field}</translation>
    </message>
    <message>
        <source>{woman}, result of histology</source>
        <translation>{woman}, résultat d’histologie</translation>
    </message>
    <message>
        <source>{woman}, result of pot {pot}: {field}</source>
        <translation>{woman}, résultat du pot {pot} : {field}</translation>
    </message>
    <message>
        <source>{woman}, visit of {when}</source>
        <translation>{woman}, consultation du {when}</translation>
    </message>
    <message>
        <source>{work} is not done, and its recording would end. {again} to stop it, or wait.</source>
        <translation>{work} : tâche non terminée, dont l’enregistrement prendrait fin. {again} pour l’arrêter, ou attendez.</translation>
    </message>
    <message>
        <source>{work} is not done, and nothing of it would stay. {again} to stop it, or wait.</source>
        <translation>{work} : tâche non terminée, dont il ne resterait rien. {again} pour l’arrêter, ou attendez.</translation>
    </message>
    <message>
        <source>{work} is not done, and would be stopped. {again} to stop it, or wait.</source>
        <translation>{work} : tâche non terminée, qui serait arrêtée. {again} pour l’arrêter, ou attendez.</translation>
    </message>
    <message>
        <source>± is the spread over {passes} passes of the model, not its error.</source>
        <translation>± est la dispersion sur {passes} passages du modèle, pas son erreur.</translation>
    </message>
    <message>
        <source>▶ Play</source>
        <translation>▶ Lire</translation>
    </message>
    <message>
        <source>● REC {minutes}:{seconds:02d}</source>
        <translation>● REC {minutes}:{seconds:02d}</translation>
    </message>
    <message>
        <source>● in the set, {promise}.</source>
        <translation>● dans l’ensemble, {promise}.</translation>
    </message>
    <message>
        <source>❚❚ Pause</source>
        <translation>❚❚ Pause</translation>
    </message>
    <message>
        <source>it opens the folder of a library, and model files ({ending}). Pictures and videos are brought in on Today, with Import pictures</source>
        <translation>il ouvre le dossier d’une bibliothèque et les fichiers de modèle ({ending}). Les images et les vidéos s’importent dans Aujourd’hui, avec Importer des images</translation>
    </message>
    <message>
        <source>look whether its disk or network share is connected, and whether it was moved or given another name</source>
        <translation>vérifiez que son disque ou son partage réseau est connecté, et qu’il n’a été ni déplacé ni renommé</translation>
    </message>
    <message>
        <source>{file} is looked at once a library is open.</source>
        <translation>{file} sera examiné dès qu’une bibliothèque sera ouverte.</translation>
    </message>
    <message>
        <source>{path} is nothing that this program opens by its name</source>
        <translation>{path} n’est rien que ce programme ouvre par son nom</translation>
    </message>
</context>
</TS>
