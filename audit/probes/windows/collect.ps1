# Qinglang 清朗: read-only collection of a Windows host's security settings
# 适用 for: Windows Server 2012 / Windows 10 and later (PowerShell 3.0 and later)
# 用法 use: powershell -NoProfile -File collect.ps1 > result.txt      (管理员 as administrator)
# 只读：不改任何设置；仅在临时文件夹写两个导出文件并随即删除。
# Reads only. Two export files are written to a new temporary folder, printed and removed again.
# version @VERSION@
$ErrorActionPreference = 'Stop'
try { [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false } catch { }
$folder = Join-Path ([IO.Path]::GetTempPath()) ('qinglang-' + [Guid]::NewGuid().ToString('N'))
$null = New-Item -ItemType Directory -Path $folder

# Every line of content begins with a bar, so nothing a host prints can pose as a frame.
function Show-Section([string] $Name, [scriptblock] $Read) {
    Write-Output "#section $Name"
    try {
        & $Read | Out-String -Width 4000 -Stream | ForEach-Object { if ($_ -ne '') { "|$_" } }
        Write-Output '#ok'
    } catch {
        Write-Output ('#failed ' + ($_.Exception.Message -replace '\s+', ' '))
    }
}
function Show-Value([string] $Path, [string[]] $Names) {
    foreach ($name in $Names) {
        $value = $null
        if (Test-Path -LiteralPath "Registry::$Path") {
            $value = (Get-Item -LiteralPath "Registry::$Path").GetValue($name, $null)
        }
        if ($null -eq $value) { "$Path\$name=absent" } else { "$Path\$name=" + ($value -join ',') }
    }
}

Write-Output '#qinglang-windows 1 @VERSION@'
Show-Section 'system' {
    $one = Get-CimInstance Win32_OperatingSystem
    'caption=' + $one.Caption
    'version=' + $one.Version
    'type=' + $one.ProductType
    'language=' + $one.OSLanguage
    'installed=' + $one.InstallDate.ToUniversalTime().ToString('yyyy-MM-dd')
    'now=' + [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
    'domain=' + (Get-CimInstance Win32_ComputerSystem).PartOfDomain
}
Show-Section 'secedit' {
    $file = Join-Path $folder 'policy.inf'
    $null = & secedit.exe /export /cfg $file /quiet
    Get-Content -LiteralPath $file -Encoding Unicode
}
Show-Section 'auditpol' {
    $file = Join-Path $folder 'audit.csv'
    $null = & auditpol.exe /backup "/file:$file"
    Get-Content -LiteralPath $file
}
Show-Section 'users' {
    Get-CimInstance Win32_UserAccount -Filter 'LocalAccount=True' |
        Select-Object Name, SID, Disabled, Lockout, PasswordRequired, PasswordExpires |
        ConvertTo-Csv -NoTypeInformation
}
Show-Section 'administrators' {
    Get-CimInstance Win32_Group -Filter "SID='S-1-5-32-544'" |
        Get-CimAssociatedInstance -ResultClassName Win32_Account |
        Select-Object Name, SID, LocalAccount | ConvertTo-Csv -NoTypeInformation
}
Show-Section 'services' {
    Get-CimInstance Win32_Service | Select-Object Name, State, StartMode |
        ConvertTo-Csv -NoTypeInformation
}
Show-Section 'firewall' {
    Get-NetFirewallProfile -PolicyStore ActiveStore |
        Select-Object Name, Enabled, DefaultInboundAction, LogBlocked, LogMaxSizeKilobytes |
        ConvertTo-Csv -NoTypeInformation
}
Show-Section 'hotfixes' {
    Get-CimInstance Win32_QuickFixEngineering | ForEach-Object {
        $_.HotFixID + ',' + $(if ($_.InstalledOn) { $_.InstalledOn.ToString('yyyy-MM-dd') })
    }
}
Show-Section 'shares' {
    Get-CimInstance Win32_Share | Select-Object Name, Type | ConvertTo-Csv -NoTypeInformation
}
Show-Section 'logs' {
    Get-WinEvent -ListLog Security, System, Application |
        Select-Object LogName, IsEnabled, MaximumSizeInBytes, LogMode |
        ConvertTo-Csv -NoTypeInformation
}
Show-Section 'defender' {
    Get-MpComputerStatus |
        Select-Object AntivirusEnabled, RealTimeProtectionEnabled, AntivirusSignatureAge |
        ConvertTo-Csv -NoTypeInformation
}
Show-Section 'antivirus' {
    Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct |
        Select-Object displayName, productState | ConvertTo-Csv -NoTypeInformation
}
Show-Section 'bitlocker' {
    Get-BitLockerVolume | Select-Object MountPoint, VolumeType, ProtectionStatus |
        ConvertTo-Csv -NoTypeInformation
}
Show-Section 'secureboot' { 'enabled=' + (Confirm-SecureBootUEFI) }
Show-Section 'listening' {
    Get-NetTCPConnection -State Listen | Select-Object LocalAddress, LocalPort |
        ConvertTo-Csv -NoTypeInformation
}
Show-Section 'registry' {
    $set = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet'
    $policy = 'HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft'
    $now = 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion'
    Show-Value "$set\Control\Terminal Server" 'fDenyTSConnections'
    Show-Value "$set\Control\Terminal Server\WinStations\RDP-Tcp" 'UserAuthentication', 'SecurityLayer', 'MinEncryptionLevel', 'PortNumber'
    Show-Value "$policy\Windows NT\Terminal Services" 'MaxIdleTime', 'fDisableCdm', 'DisablePasswordSaving'
    Show-Value "$set\Services\LanmanServer\Parameters" 'SMB1', 'RequireSecuritySignature', 'RestrictNullSessAccess', 'AutoShareServer', 'AutoShareWks'
    Show-Value "$set\Services\LanmanWorkstation\Parameters" 'RequireSecuritySignature', 'EnablePlainTextPassword'
    Show-Value "$set\Control\Lsa" 'LmCompatibilityLevel', 'NoLMHash', 'RestrictAnonymous', 'RestrictAnonymousSAM', 'RunAsPPL', 'LimitBlankPasswordUse', 'EveryoneIncludesAnonymous'
    Show-Value "$set\Control\SecurityProviders\WDigest" 'UseLogonCredential'
    Show-Value "$set\Control\Session Manager\Memory Management" 'ClearPageFileAtShutdown'
    Show-Value "$now\Policies\System" 'EnableLUA', 'ConsentPromptBehaviorAdmin', 'DontDisplayLastUserName', 'InactivityTimeoutSecs', 'LegalNoticeText'
    Show-Value "$now\Policies\Explorer" 'NoDriveTypeAutoRun'
    Show-Value "HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon" 'AutoAdminLogon', 'CachedLogonsCount'
    Show-Value "$policy\Windows\WindowsUpdate\AU" 'NoAutoUpdate', 'AUOptions'
    Show-Value "$policy\Windows\PowerShell\ScriptBlockLogging" 'EnableScriptBlockLogging'
    Show-Value "$policy\Windows NT\DNSClient" 'EnableMulticast'
    Show-Value "$set\Services\W32Time\Parameters" 'Type', 'NtpServer'
    Show-Value "$set\Services\USBSTOR" 'Start'
    Show-Value "$set\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.0\Server" 'Enabled'
    Show-Value "$set\Control\SecurityProviders\SCHANNEL\Protocols\SSL 3.0\Server" 'Enabled'
}
Remove-Item -LiteralPath $folder -Recurse -Force
Write-Output '#done'
