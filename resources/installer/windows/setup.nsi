; The installer for Windows. Compiled by build_installer.py:
;
;   makensis -DVERSION=0.1.0 -DBUILD=abc123 -DBUNDLE=<folder> -DLONGEST=<letters> -DOUT=<file.exe> [-DSIGN=<command>]
;
; Run by a nurse with a double click (for herself, no rights needed), or by IT:
;
;   pfm-desktop-0.1.0-setup.exe /S               for this user
;   pfm-desktop-0.1.0-setup.exe /S /AllUsers     for all users (as administrator)
;   pfm-desktop-0.1.0-setup.exe /S /D=C:\Folder  elsewhere
;   uninstall.exe /S                             takes the program away; libraries, models and settings stay
;   uninstall.exe /S _?=C:\Folder                the same, waited for; uninstall.exe itself stays
;
; Exit codes: 0 done, 1 stopped by the user, 2 not done. What was done, or why not, stands in %TEMP%\pfm-desktop-setup.log.
; An uninstaller without _?= goes on in a copy of itself and ends with 0 at once, as all of NSIS do.

Target amd64-unicode ; the program needs a 64-bit Windows, so the installer may
SetCompressor /SOLID lzma
SetCompressorDictSize 64
CRCCheck force ; a damaged installer says so and changes nothing
ManifestDPIAware true

!define NAME "PFM Desktop"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\pfm-desktop"
!define TYPE "PFMDesktop.Model"

!define MULTIUSER_EXECUTIONLEVEL Highest
!define MULTIUSER_MUI
!define MULTIUSER_INSTALLMODE_COMMANDLINE
!define MULTIUSER_INSTALLMODE_DEFAULT_CURRENTUSER
!define MULTIUSER_INSTALLMODE_INSTDIR "PFM Desktop"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_KEY "${KEY}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_VALUENAME "InstallLocation"
!define MULTIUSER_USE_PROGRAMFILES64
!include MultiUser.nsh
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WordFunc.nsh
!include x64.nsh

Name "${NAME}"
OutFile "${OUT}"
BrandingText $(BRANDING)
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey ProductVersion "${VERSION} ${BUILD}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "${NAME} setup"
VIAddVersionKey LegalCopyright "Apache-2.0"

; a hook: signtool, or whatever the clinic or the maker signs with; gets the file as its last word
!ifdef SIGN
  !finalize '${SIGN} "%1"' = 0
  !uninstfinalize '${SIGN} "%1"' = 0
!endif

!define MUI_ICON "..\..\icons\pfm-desktop.ico"
!define MUI_UNICON "..\..\icons\pfm-desktop.ico"
!define MUI_ABORTWARNING
!insertmacro MULTIUSER_PAGE_INSTALLMODE
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\pfm-desktop.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "Spanish"
!insertmacro MUI_LANGUAGE "French"
!include /CHARSET=UTF8 words.nsh

; Into %TEMP%\pfm-desktop-setup.log, and to whoever sits before it: in silence nobody sees a box.
!macro Words UN
Function ${UN}Log
  Exch $0
  Push $1
  FileOpen $1 "$TEMP\pfm-desktop-setup.log" w
  FileWriteUTF16LE /BOM $1 "$0$\r$\n"
  FileClose $1
  Pop $1
  Pop $0
FunctionEnd

; Say why nothing is done, and end with 2.
Function ${UN}Refuse
  Exch $0
  Push $0
  Call ${UN}Log
  ${IfNot} ${Silent}
    MessageBox MB_OK|MB_ICONSTOP "$0"
  ${EndIf}
  SetErrorLevel 2
  Quit
FunctionEnd

Function ${UN}MayWrite
  ClearErrors
  FileOpen $0 "$INSTDIR\pfm-try.tmp" w
  ${If} ${Errors}
    Push $(MAY_NOT_WRITE)
    Call ${UN}Refuse
  ${EndIf}
  FileClose $0
  Delete "$INSTDIR\pfm-try.tmp"
FunctionEnd

; A program that runs holds its file open: it cannot be opened for writing.
Function ${UN}NotRunning
  StrCpy $1 "pfm-desktop.exe"
  Call ${UN}NotOpen
  StrCpy $1 "pfm.exe"
  Call ${UN}NotOpen
  StrCpy $1 "_internal\pythonw.exe"
  Call ${UN}NotOpen
  StrCpy $1 "_internal\python.exe"
  Call ${UN}NotOpen
FunctionEnd

Function ${UN}NotOpen
  ${If} ${FileExists} "$INSTDIR\$1"
    ClearErrors
    FileOpen $0 "$INSTDIR\$1" a
    ${If} ${Errors}
      Push $(IS_RUNNING)
      Call ${UN}Refuse
    ${EndIf}
    FileClose $0
  ${EndIf}
FunctionEnd

; Whether $INSTDIR holds a version of ours, or what is left of one ($0: 1), and not another program.
Function ${UN}IsOurs
  ${If} ${FileExists} "$INSTDIR\pfm-desktop.exe"
  ${OrIf} ${FileExists} "$INSTDIR\pfm-new\pfm-desktop.exe"
  ${OrIf} ${FileExists} "$INSTDIR\pfm-old\pfm-desktop.exe"
  ${OrIf} ${FileExists} "$INSTDIR\pfm-old\_internal"
    StrCpy $0 1
  ${Else}
    Call ${UN}OurUninstaller
  ${EndIf}
FunctionEnd

; Whether uninstall.exe, as others call theirs too, says that it is of ours ($0: 1).
Function ${UN}OurUninstaller
  StrCpy $0 0
  System::Call 'version::GetFileVersionInfoSizeW(w "$INSTDIR\uninstall.exe", p 0) i .r2'
  ${If} $2 > 0
    System::Alloc $2
    Pop $3
    System::Call 'version::GetFileVersionInfoW(w "$INSTDIR\uninstall.exe", i 0, i r2, p r3) i .r1'
    System::Call 'version::VerQueryValueW(p r3, w "\StringFileInfo\040904b0\ProductName", *p .r5, *i .r6) i .r1'
    ${If} $1 <> 0
      System::Call 'kernel32::lstrcpynW(w .r2, p r5, i 64)'
      ${If} $2 == "${NAME}"
        StrCpy $0 1
      ${EndIf}
    ${EndIf}
    System::Free $3
  ${EndIf}
FunctionEnd

; pfm-new and pfm-old hold what an installer of ours put there, or are not touched.
Function ${UN}FoldersAreOurs
  StrCpy $1 "pfm-new"
  Call ${UN}FolderIsOurs
  StrCpy $1 "pfm-old"
  Call ${UN}FolderIsOurs
FunctionEnd

Function ${UN}FolderIsOurs
  ${IfNot} ${FileExists} "$INSTDIR\$1"
    Return
  ${EndIf}
  FindFirst $0 $2 "$INSTDIR\$1\*.*"
  ${If} $2 == "" ; it is no folder
    Push $(NOT_OURS)
    Call ${UN}Refuse
  ${EndIf}
  ${DoUntil} $2 == ""
    ${If} $2 != "."
    ${AndIf} $2 != ".."
    ${AndIf} $2 != "_internal"
    ${AndIf} $2 != "pfm-desktop.exe"
    ${AndIf} $2 != "pfm.exe"
      FindClose $0
      Push $(NOT_OURS)
      Call ${UN}Refuse
    ${EndIf}
    FindNext $0 $2
  ${Loop}
  FindClose $0
FunctionEnd

; What a computer leaves that went off meanwhile: pfm-new goes only after all has changed places, then pfm-old.
Function ${UN}TidyUp
  ${If} ${FileExists} "$INSTDIR\pfm-old"
    ${If} ${FileExists} "$INSTDIR\pfm-new"
      Call ${UN}PutBack
    ${Else}
      RMDir /r "$INSTDIR\pfm-old"
    ${EndIf}
  ${EndIf}
  RMDir /r "$INSTDIR\pfm-new"
FunctionEnd

; Put the earlier version back from pfm-old, as far as it was moved there.
Function ${UN}PutBack
  StrCpy $1 "_internal"
  Call ${UN}PutOneBack
  StrCpy $1 "pfm-desktop.exe"
  Call ${UN}PutOneBack
  StrCpy $1 "pfm.exe"
  Call ${UN}PutOneBack
  RMDir "$INSTDIR\pfm-old"
FunctionEnd

Function ${UN}PutOneBack
  ${If} ${FileExists} "$INSTDIR\pfm-old\$1"
    RMDir /r "$INSTDIR\$1"
    Delete "$INSTDIR\$1"
    Rename "$INSTDIR\pfm-old\$1" "$INSTDIR\$1"
  ${EndIf}
FunctionEnd

; Move the version that is there aside, all of it or nothing: Windows does not move a folder of which a file is in use.
Function ${UN}MoveAside
  CreateDirectory "$INSTDIR\pfm-old"
  ClearErrors
  ${If} ${FileExists} "$INSTDIR\_internal"
    Rename "$INSTDIR\_internal" "$INSTDIR\pfm-old\_internal"
  ${EndIf}
  ${IfNot} ${Errors}
  ${AndIf} ${FileExists} "$INSTDIR\pfm-desktop.exe"
    Rename "$INSTDIR\pfm-desktop.exe" "$INSTDIR\pfm-old\pfm-desktop.exe"
  ${EndIf}
  ${IfNot} ${Errors}
  ${AndIf} ${FileExists} "$INSTDIR\pfm.exe"
    Rename "$INSTDIR\pfm.exe" "$INSTDIR\pfm-old\pfm.exe"
  ${EndIf}
  ${If} ${Errors}
    Call ${UN}PutBack
    RMDir /r "$INSTDIR\pfm-new"
    Push $(IS_IN_USE)
    Call ${UN}Refuse
  ${EndIf}
FunctionEnd
!macroend
!insertmacro Words ""
!insertmacro Words "un."

; Of the version that is installed for ROOT (this user, or all): nothing that is newer is replaced.
!macro NotNewer ROOT
  ReadRegStr $0 ${ROOT} "${KEY}" "DisplayVersion"
  ${If} $0 != ""
    ${VersionCompare} "$0" "${VERSION}" $1
    ${If} $1 == 1
      ReadRegStr $2 ${ROOT} "${KEY}" "InstallLocation"
      Push $(IS_NEWER)
      Call Refuse
    ${EndIf}
  ${EndIf}
!macroend

; Another copy, which Windows knew of before this one: $5 is its folder, $6 its version.
Function OtherStays
  ${If} $5 != ""
  ${AndIf} $5 != $INSTDIR
  ${AndIf} ${FileExists} "$5\uninstall.exe"
    StrCpy $0 "$0 $(OTHER_STAYS)"
  ${EndIf}
FunctionEnd

; Whatever stops it while files are written: the earlier version still lies where it lay.
Function .onInstFailed
  SetOutPath "$TEMP" ; a folder in which one stands does not go
  RMDir /r "$INSTDIR\pfm-new"
  RMDir "$INSTDIR"
  Push $(NOT_WRITTEN)
  Call Refuse
FunctionEnd

Function .onInit
  ${IfNot} ${RunningX64}
    Push $(NOT_64)
    Call Refuse
  ${EndIf}
  SetRegView 64
  StrCpy $9 $INSTDIR ; of /D=, which MultiUser would forget
  !insertmacro MULTIUSER_INIT
  ${If} $9 != ""
    StrCpy $INSTDIR $9
  ${Else}
    ; NSIS forgets a /D= that names no place, and would take the usual one
    System::Call 'kernel32::GetCommandLineW() w .r0'
    ClearErrors
    ${GetOptions} $0 "/D=" $1
    ${IfNot} ${Errors}
      Push $(NO_PLACE)
      Call Refuse
    ${EndIf}
  ${EndIf}
FunctionEnd

Function un.onInit
  SetRegView 64
  StrCpy $9 $INSTDIR ; the folder that this one lies in: MultiUser would take the one that was installed last
  !insertmacro MULTIUSER_UNINIT
  StrCpy $INSTDIR $9
FunctionEnd

Section "Program" PROGRAM
  Call MayBegin
  ; The earlier version stays until all of the new one lies beside it; then they change places.
  SetOutPath "$INSTDIR\pfm-new"
  ClearErrors
  File /r "${BUNDLE}\*.*"
  ${If} ${Errors}
    Call .onInstFailed
  ${EndIf}
  SetOutPath "$INSTDIR"
  Call MoveAside
  Rename "$INSTDIR\pfm-new\_internal" "$INSTDIR\_internal"
  Rename "$INSTDIR\pfm-new\pfm-desktop.exe" "$INSTDIR\pfm-desktop.exe"
  Rename "$INSTDIR\pfm-new\pfm.exe" "$INSTDIR\pfm.exe"
  ${If} ${Errors}
    Call PutBack
    Call .onInstFailed
  ${EndIf}
  RMDir /r "$INSTDIR\pfm-new"
  RMDir /r "$INSTDIR\pfm-old"
  ReadRegStr $5 HKCU "${KEY}" "InstallLocation"
  ReadRegStr $6 HKCU "${KEY}" "DisplayVersion"
  ReadRegStr $7 HKLM "${KEY}" "InstallLocation"
  ReadRegStr $8 HKLM "${KEY}" "DisplayVersion"
  WriteUninstaller "$INSTDIR\uninstall.exe"

  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\pfm-desktop.exe"
  WriteRegStr SHCTX "${KEY}" "DisplayName" "${NAME}"
  WriteRegStr SHCTX "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${KEY}" "DisplayIcon" "$INSTDIR\pfm-desktop.exe"
  WriteRegStr SHCTX "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode'
  WriteRegStr SHCTX "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode /S'
  WriteRegStr SHCTX "${KEY}" "Publisher" "PFM Desktop maintainers"
  WriteRegDWORD SHCTX "${KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD SHCTX "${KEY}" "EstimatedSize" "$0"
  WriteRegStr SHCTX "Software\Classes\.pfm-model" "" "${TYPE}"
  WriteRegStr SHCTX "Software\Classes\${TYPE}" "" $(MODEL)
  WriteRegStr SHCTX "Software\Classes\${TYPE}\DefaultIcon" "" "$INSTDIR\pfm-desktop.exe,0"
  WriteRegStr SHCTX "Software\Classes\${TYPE}\shell\open\command" "" '"$INSTDIR\pfm-desktop.exe" "%1"'
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
  StrCpy $0 $(DONE)
  Call OtherStays
  ${If} $7 != $5
    StrCpy $5 $7
    StrCpy $6 $8
    Call OtherStays
  ${EndIf}
  Push $0
  Call Log
SectionEnd

; Nothing is written before all of this holds. After the section, whose number it needs.
Function MayBegin
  ${GetParameters} $2
  ClearErrors
  ${GetOptions} $2 "/Downgrade" $3
  ${If} ${Errors}
    !insertmacro NotNewer HKCU
    !insertmacro NotNewer HKLM
  ${EndIf}
  StrLen $0 "$INSTDIR\pfm-new\"
  IntOp $0 $0 + ${LONGEST}
  ${If} $0 > 259
    Push $(TOO_LONG)
    Call Refuse
  ${EndIf}
  Call FoldersAreOurs
  ${If} ${FileExists} "$INSTDIR\_internal"
  ${OrIf} ${FileExists} "$INSTDIR\pfm.exe"
  ${OrIf} ${FileExists} "$INSTDIR\uninstall.exe"
    Call IsOurs
    ${If} $0 = 0
      Push $(OTHER_PROGRAM)
      Call Refuse
    ${EndIf}
  ${EndIf}
  StrCpy $4 0
  ${IfNot} ${FileExists} "$INSTDIR\*.*"
    StrCpy $4 1 ; it is new: gone again if nothing comes of it
    CreateDirectory "$INSTDIR"
  ${EndIf}
  Call MayWrite
  Call NotRunning
  Call TidyUp
  SectionGetSize ${PROGRAM} $0 ; KB
  ; of the folder itself, which may lie on another volume than its letter says
  System::Call 'kernel32::GetDiskFreeSpaceExW(w "$INSTDIR", *l .r2, p 0, p 0) i .r3'
  ${If} $3 <> 0
    System::Int64Op $2 / 1024
    Pop $2
    System::Int64Op $2 < $0
    Pop $3
    ${If} $3 = 1
      ${If} $4 = 1
        RMDir "$INSTDIR"
      ${EndIf}
      Push $(NO_ROOM)
      Call Refuse
    ${EndIf}
  ${EndIf}
FunctionEnd


Section "Uninstall"
  Call un.FoldersAreOurs
  Call un.IsOurs
  ${If} $0 = 0
    Push $(NOT_HERE)
    Call un.Refuse
  ${EndIf}
  Call un.MayWrite
  Call un.NotRunning
  Call un.TidyUp
  SetOutPath "$TEMP"
  Call un.MoveAside
  ; only what the installer put there: a folder with other files in it stays
  RMDir /r "$INSTDIR\pfm-old"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ; another copy, installed since into another folder, keeps its entries
  ReadRegStr $0 SHCTX "${KEY}" "InstallLocation"
  ${If} $0 == $INSTDIR
    Delete "$SMPROGRAMS\${NAME}.lnk"
    DeleteRegKey SHCTX "${KEY}"
    DeleteRegKey SHCTX "Software\Classes\${TYPE}"
    DeleteRegKey SHCTX "Software\Classes\.pfm-model"
    System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
  ${EndIf}
  StrCpy $0 $(REMOVED)
  ${If} ${FileExists} "$INSTDIR\uninstall.exe" ; with _?=, as it runs from there
    StrCpy $0 "$0 $(UNINSTALLER_STAYS)"
  ${EndIf}
  Push $0
  Call un.Log
SectionEnd
