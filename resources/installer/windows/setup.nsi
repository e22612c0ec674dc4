; The installer for Windows. Compiled by build_installer.py:
;
;   makensis -DVERSION=0.1.0 -DBUILD=abc123 -DBUNDLE=<folder> -DOUT=<file.exe> [-DSIGN=<command>] setup.nsi
;
; Run by a nurse with a double click (for herself, no rights needed), or by IT:
;
;   pfm-desktop-0.1.0-setup.exe /S               for this user
;   pfm-desktop-0.1.0-setup.exe /S /AllUsers     for all users (as administrator)
;   pfm-desktop-0.1.0-setup.exe /S /D=C:\Folder  elsewhere
;   uninstall.exe /S                             takes the program away; libraries, models and settings stay
;
; Exit codes: 0 done, 1 stopped by the user, 2 not done: the reason is said, in silence to %TEMP%\pfm-desktop-setup.log.

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
BrandingText "${NAME} ${VERSION} (${BUILD}). Investigational - not for diagnosis"
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

; Say why nothing is done, and end with 2. In silence nobody sees a box: it goes into a file.
!macro Refuse UN
Function ${UN}Refuse
  Exch $0
  ${If} ${Silent}
    FileOpen $1 "$TEMP\pfm-desktop-setup.log" w
    FileWriteUTF16LE /BOM $1 "$0$\r$\n"
    FileClose $1
  ${Else}
    MessageBox MB_OK|MB_ICONSTOP "$0"
  ${EndIf}
  SetErrorLevel 2
  Quit
FunctionEnd

; A program that runs holds its file open: it cannot be opened for writing.
Function ${UN}NotRunning
  ${If} ${FileExists} "$INSTDIR\pfm-desktop.exe"
    ClearErrors
    FileOpen $0 "$INSTDIR\pfm-desktop.exe" a
    ${If} ${Errors}
      Push "${NAME} is running, or this user may not write to $INSTDIR. Nothing was changed. Close it for every user \
of this computer, then start this again."
      Call ${UN}Refuse
    ${EndIf}
    FileClose $0
  ${EndIf}
FunctionEnd
!macroend
!insertmacro Refuse ""
!insertmacro Refuse "un."

Function .onInit
  ${IfNot} ${RunningX64}
    Push "${NAME} needs a 64-bit Windows. Nothing was changed."
    Call Refuse
  ${EndIf}
  SetRegView 64
  StrCpy $9 $INSTDIR ; of /D=, which MultiUser would forget
  !insertmacro MULTIUSER_INIT
  ${If} $9 != ""
    StrCpy $INSTDIR $9
  ${EndIf}
FunctionEnd

Function un.onInit
  SetRegView 64
  !insertmacro MULTIUSER_UNINIT
FunctionEnd

Section "Program"
  Call NotRunning
  ReadRegStr $0 SHCTX "${KEY}" "DisplayVersion"
  ${If} $0 != ""
    ${VersionCompare} "$0" "${VERSION}" $1
    ${GetParameters} $2
    ClearErrors
    ${GetOptions} $2 "/Downgrade" $3
    ${If} ${Errors}
    ${AndIf} $1 == 1
      Push "${NAME} $0 is installed, which is newer than ${VERSION}. Nothing was changed. A library that the newer one \
has opened cannot be read by the older one. To go back all the same, start this with /Downgrade."
      Call Refuse
    ${EndIf}
  ${EndIf}
  SectionGetSize 0 $0
  ${GetRoot} "$INSTDIR" $1
  ${DriveSpace} "$1\" "/D=F /S=K" $2
  ${If} $2 != ""
  ${AndIf} $2 < $0
    Push "There is too little room on $1: $2 of $0 KB. Nothing was changed. Free some, or choose another folder."
    Call Refuse
  ${EndIf}

  ; The earlier version stays until all of the new one lies beside it; then they change places.
  RMDir /r "$INSTDIR\new"
  SetOutPath "$INSTDIR\new"
  ClearErrors
  File /r "${BUNDLE}\*.*"
  ${If} ${Errors}
    RMDir /r "$INSTDIR\new"
    Push "The files could not be written to $INSTDIR. The earlier version, if there was one, is as it was."
    Call Refuse
  ${EndIf}
  SetOutPath "$INSTDIR"
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\pfm-desktop.exe"
  Delete "$INSTDIR\pfm.exe"
  Rename "$INSTDIR\new\_internal" "$INSTDIR\_internal"
  Rename "$INSTDIR\new\pfm-desktop.exe" "$INSTDIR\pfm-desktop.exe"
  Rename "$INSTDIR\new\pfm.exe" "$INSTDIR\pfm.exe"
  RMDir /r "$INSTDIR\new"
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
  WriteRegStr SHCTX "Software\Classes\${TYPE}" "" "Model of ${NAME}"
  WriteRegStr SHCTX "Software\Classes\${TYPE}\DefaultIcon" "" "$INSTDIR\pfm-desktop.exe,0"
  WriteRegStr SHCTX "Software\Classes\${TYPE}\shell\open\command" "" '"$INSTDIR\pfm-desktop.exe" "%1"'
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd

Section "Uninstall"
  Call un.NotRunning
  ; only what the installer put there: a folder with other files in it stays
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\new"
  Delete "$INSTDIR\pfm-desktop.exe"
  Delete "$INSTDIR\pfm.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegKey SHCTX "${KEY}"
  DeleteRegKey SHCTX "Software\Classes\${TYPE}"
  DeleteRegKey SHCTX "Software\Classes\.pfm-model"
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd
