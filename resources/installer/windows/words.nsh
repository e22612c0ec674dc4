; What the installer says, in the languages of the program. Windows' own language chooses; English where there is none.

!macro Say ID ENGLISH CHINESE SPANISH FRENCH
  LangString ${ID} ${LANG_ENGLISH} "${ENGLISH}"
  LangString ${ID} ${LANG_SIMPCHINESE} "${CHINESE}"
  LangString ${ID} ${LANG_SPANISH} "${SPANISH}"
  LangString ${ID} ${LANG_FRENCH} "${FRENCH}"
!macroend

!insertmacro Say BRANDING \
  "${NAME} ${VERSION} (${BUILD}). Investigational - not for diagnosis" \
  "${NAME} ${VERSION} (${BUILD})。仅供研究，不用于诊断" \
  "${NAME} ${VERSION} (${BUILD}). En investigación: no apto para diagnóstico" \
  "${NAME} ${VERSION} (${BUILD}). Expérimental – ne pas utiliser pour le diagnostic"

!insertmacro Say MAY_NOT_WRITE \
  "This user may not write to $INSTDIR. Nothing was changed. Start this as administrator, or choose another folder." \
  "此用户无权写入 $INSTDIR。未作任何更改。请以管理员身份重新启动，或选择其他文件夹。" \
  "Este usuario no puede escribir en $INSTDIR. No se cambió nada. Inicie este instalador como administrador o elija otra carpeta." \
  "Cet utilisateur ne peut pas écrire dans $INSTDIR. Rien n'a été modifié. Lancez-le en tant qu'administrateur, ou choisissez un autre dossier."

!insertmacro Say IS_RUNNING \
  "${NAME} is running ($INSTDIR\$1 is in use). Nothing was changed. Close it for every user of this computer, then start this again." \
  "${NAME} 正在运行（$INSTDIR\$1 正被使用）。未作任何更改。请为这台电脑的所有用户关闭它，然后重新启动本程序。" \
  "${NAME} está en marcha ($INSTDIR\$1 está en uso). No se cambió nada. Ciérrelo para todos los usuarios de este equipo y vuelva a iniciar este instalador." \
  "${NAME} est ouvert ($INSTDIR\$1 est utilisé). Rien n'a été modifié. Fermez-le pour tous les utilisateurs de cet ordinateur, puis relancez ce programme."

!insertmacro Say IS_IN_USE \
  "A file of $INSTDIR is in use. Nothing was changed. Close ${NAME} for every user of this computer, then start this again." \
  "$INSTDIR 中有文件正被使用。未作任何更改。请为这台电脑的所有用户关闭 ${NAME}，然后重新启动本程序。" \
  "Un archivo de $INSTDIR está en uso. No se cambió nada. Cierre ${NAME} para todos los usuarios de este equipo y vuelva a iniciar este instalador." \
  "Un fichier de $INSTDIR est utilisé. Rien n'a été modifié. Fermez ${NAME} pour tous les utilisateurs de cet ordinateur, puis relancez ce programme."

!insertmacro Say IS_NEWER \
  "${NAME} $0 is installed in $2, which is newer than ${VERSION}. Nothing was changed. A library that the newer one has opened cannot be read by the older one. To go back all the same, start this with /Downgrade." \
  "$2 中已安装 ${NAME} $0，比 ${VERSION} 更新。未作任何更改。较新版本打开过的病例库，较旧版本无法读取。如仍要退回，请加 /Downgrade 启动本程序。" \
  "${NAME} $0 está instalado en $2 y es más reciente que ${VERSION}. No se cambió nada. La versión anterior no puede leer una biblioteca que la más reciente haya abierto. Para volver de todos modos, inicie este instalador con /Downgrade." \
  "${NAME} $0 est installé dans $2 et plus récent que ${VERSION}. Rien n'a été modifié. L'ancienne version ne peut pas lire une bibliothèque que la plus récente a ouverte. Pour revenir quand même, lancez ce programme avec /Downgrade."

!insertmacro Say NOT_WRITTEN \
  "The files could not be written to $INSTDIR: the disk is full, or something on this computer forbids it. The earlier version, if there was one, is as it was." \
  "文件无法写入 $INSTDIR：磁盘已满，或被这台电脑上的某些设置禁止。如有先前的版本，它保持原样。" \
  "No se pudieron escribir los archivos en $INSTDIR: el disco está lleno o algo en este equipo lo impide. La versión anterior, si la había, sigue como estaba." \
  "Les fichiers n'ont pas pu être écrits dans $INSTDIR : le disque est plein, ou quelque chose sur cet ordinateur l'interdit. La version précédente, s'il y en avait une, est inchangée."

!insertmacro Say NOT_64 \
  "${NAME} needs a 64-bit Windows. Nothing was changed." \
  "${NAME} 需要 64 位 Windows。未作任何更改。" \
  "${NAME} necesita un Windows de 64 bits. No se cambió nada." \
  "${NAME} nécessite un Windows 64 bits. Rien n'a été modifié."

!insertmacro Say TOO_LONG \
  "The name of the folder is too long for Windows: $INSTDIR. Nothing was changed. Choose another folder." \
  "文件夹的名称对 Windows 来说太长：$INSTDIR。未作任何更改。请选择其他文件夹。" \
  "El nombre de la carpeta es demasiado largo para Windows: $INSTDIR. No se cambió nada. Elija otra carpeta." \
  "Le nom du dossier est trop long pour Windows : $INSTDIR. Rien n'a été modifié. Choisissez un autre dossier."

!insertmacro Say OTHER_PROGRAM \
  "$INSTDIR holds another program. Nothing was changed. Choose another folder." \
  "$INSTDIR 中有其他程序。未作任何更改。请选择其他文件夹。" \
  "$INSTDIR contiene otro programa. No se cambió nada. Elija otra carpeta." \
  "$INSTDIR contient un autre programme. Rien n'a été modifié. Choisissez un autre dossier."

!insertmacro Say NOT_OURS \
  "$INSTDIR\$1 holds files that ${NAME} did not put there. Nothing was changed. Move them to another place, then start this again." \
  "$INSTDIR\$1 中有不属于 ${NAME} 的文件。未作任何更改。请将它们移到其他位置，然后重新启动本程序。" \
  "$INSTDIR\$1 contiene archivos que ${NAME} no puso allí. No se cambió nada. Llévelos a otro lugar y vuelva a iniciar este programa." \
  "$INSTDIR\$1 contient des fichiers que ${NAME} n'y a pas mis. Rien n'a été modifié. Déplacez-les ailleurs, puis relancez ce programme."

!insertmacro Say NOT_HERE \
  "${NAME} is not in $INSTDIR. Nothing was changed." \
  "$INSTDIR 中没有 ${NAME}。未作任何更改。" \
  "${NAME} no está en $INSTDIR. No se cambió nada." \
  "${NAME} ne se trouve pas dans $INSTDIR. Rien n'a été modifié."

!insertmacro Say NO_PLACE \
  "There can be no folder $1. Nothing was changed. Write /D= last, with a whole path and without quotation marks, on a disk that is there." \
  "无法建立文件夹 $1。未作任何更改。请把 /D= 写在最后，后接完整路径，不加引号，且该磁盘须存在。" \
  "No puede haber una carpeta $1. No se cambió nada. Escriba /D= al final, con una ruta completa y sin comillas, en un disco que exista." \
  "Il ne peut y avoir de dossier $1. Rien n'a été modifié. Écrivez /D= en dernier, avec un chemin complet et sans guillemets, sur un disque présent."

!insertmacro Say NO_ROOM \
  "There is too little room for $INSTDIR: $2 of $0 KB. Nothing was changed. Free some, or choose another folder." \
  "$INSTDIR 的空间不足：只有 $2 KB，需要 $0 KB。未作任何更改。请腾出空间，或选择其他文件夹。" \
  "No hay espacio suficiente para $INSTDIR: $2 de $0 KB. No se cambió nada. Libere espacio o elija otra carpeta." \
  "Il n'y a pas assez de place pour $INSTDIR : $2 sur $0 Ko. Rien n'a été modifié. Libérez de la place, ou choisissez un autre dossier."

!insertmacro Say DONE \
  "${NAME} ${VERSION} (${BUILD}) is in $INSTDIR." \
  "${NAME} ${VERSION} (${BUILD}) 已安装到 $INSTDIR。" \
  "${NAME} ${VERSION} (${BUILD}) está en $INSTDIR." \
  "${NAME} ${VERSION} (${BUILD}) se trouve dans $INSTDIR."

!insertmacro Say REMOVED \
  "${NAME} ${VERSION} was removed from $INSTDIR. Libraries, models and settings stay." \
  "${NAME} ${VERSION} 已从 $INSTDIR 中删除。病例库、模型和设置均保留。" \
  "${NAME} ${VERSION} se quitó de $INSTDIR. Las bibliotecas, los modelos y los ajustes se quedan." \
  "${NAME} ${VERSION} a été retiré de $INSTDIR. Les bibliothèques, les modèles et les réglages restent."

!insertmacro Say UNINSTALLER_STAYS \
  "uninstall.exe stays there, as it was running; delete it." \
  "uninstall.exe 因正在运行而留在其中，请将其删除。" \
  "uninstall.exe se queda allí porque estaba en marcha; bórrelo." \
  "uninstall.exe y reste, car il était en cours d'exécution ; supprimez-le."

!insertmacro Say OTHER_STAYS \
  "${NAME} $6 stays in $5; its uninstall.exe there takes it away." \
  "${NAME} $6 仍保留在 $5；其中的 uninstall.exe 可将其删除。" \
  "${NAME} $6 se queda en $5; su uninstall.exe lo quita de allí." \
  "${NAME} $6 reste dans $5 ; son uninstall.exe l'en retire."

!insertmacro Say MODEL \
  "Model of ${NAME}" \
  "${NAME} 的模型" \
  "Modelo de ${NAME}" \
  "Modèle de ${NAME}"
