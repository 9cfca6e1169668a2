#!/bin/sh
# 清朗 Qinglang 采集脚本 / collector, version @VERSION@
#
# 只读：只读取下面列出的文件与命令，结果写到标准输出，不在本机创建或修改任何文件。
# Read-only: it reads the files and runs the commands listed below, prints what it saw, and
# creates or changes nothing. Password hashes and private keys are never read out.
# 用法 / use:   sh collector.sh > result.txt        (root 或普通用户 / as root or anybody)
# 之后 / then:  qinglang audit import-collected result.txt

LC_ALL=C LANG=C LANGUAGE= TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin
SYSTEMD_PAGER= SYSTEMD_COLORS=0
export LC_ALL LANG LANGUAGE TERM PATH SYSTEMD_PAGER SYSTEMD_COLORS
unset ENV BASH_ENV CDPATH POSIXLY_CORRECT
umask 077
cd /
exec 4>&1
me=$(id -u)
box=
timeout 5 true 2>/dev/null && box="timeout -k 1"

# What is read never leaves raw: capped, control characters replaced, a bar before each line.
clean() { # BYTES
  head -c "$1" | tr -c '\11\12\40-\176\200-\377' '?' | sed 's/^/|/'
}
clean_and_hide() { # BYTES
  head -c "$1" | tr -c '\11\12\40-\176\200-\377' '?' | sed \
    -e 's/\([Pp][Aa][Ss][Ss][Ww]*[A-Za-z_-]*["'"'"']\{0,1\}[ 	]*[=: ][ 	]*\)[^ ].*/\1(hidden)/' \
    -e 's/\([Ss][Ee][Cc][Rr][Ee][Tt][A-Za-z_-]*["'"'"']\{0,1\}[ 	]*[=:][ 	]*\)[^ ].*/\1(hidden)/' \
    -e 's/\([Tt][Oo][Kk][Ee][Nn]["'"'"']\{0,1\}[ 	]*[=:][ 	]*\)[^ ].*/\1(hidden)/' \
    -e 's/\([Bb][Ii][Nn][Dd][Pp][Ww][ 	=]*\)[^ ].*/\1(hidden)/' \
    -e 's/\(authtok[ 	=]*\)[^ ].*/\1(hidden)/' \
    -e 's/\(com2sec[ 	].*[ 	]\)\([^ 	]*\)[ 	]*$/\1(hidden:\2)/' \
    -e 's/\(hidden:public\))/\1 default)/' -e 's/\(hidden:private\))/\1 default)/' \
    -e '/default)/!s/(hidden:[^)]*)/(hidden)/' \
    -e 's/^\([ 	]*r[ow]community6\{0,1\}[ 	]\{1,\}\)\(public\|private\)\(.*\)$/\1(hidden:\2 default)\3/' \
    -e '/default)/!s/^\([ 	]*r[ow]community6\{0,1\}[ 	]\{1,\}\)[^ 	]\{1,\}/\1(hidden)/' \
    -e 's,://[^/@ ]*:[^/@ ]*@,://(hidden)@,g' \
    -e 's/^/|/'
}
clean_attributes() { # BYTES: XML attributes and headers that hold secrets; the rest stays whole
  head -c "$1" | tr -c '\11\12\40-\176\200-\377' '?' | sed \
    -e 's/\([Pp][Aa][Ss][Ss][A-Za-z]*[ 	]*=[ 	]*\)"[^"]*"/\1"(hidden)"/g' \
    -e 's/\([Pp][Aa][Ss][Ss][A-Za-z]*[ 	]*=[ 	]*\)\x27[^\x27]*\x27/\1\x27(hidden)\x27/g' \
    -e 's/\([Ss]ecret[ 	]*=[ 	]*\)"[^"]\{1,\}"/\1"(hidden)"/g' \
    -e 's/\(Authorization[ 	"]\{1,\}\)[^;]*/\1(hidden)/' \
    -e 's,://[^/@ ]*:[^/@ ]*@,://(hidden)@,g' \
    -e 's/^/|/'
}
say() { printf '\n#%s\n' "$*"; }
plain() { # a path as it may be printed
  case $1 in
    *[!A-Za-z0-9_./@:+~,=-]*) printf '%s' "$1" | tr -c 'A-Za-z0-9_./@:+~,=-' '?' ;;
    *) printf '%s' "$1" ;;
  esac
}
open_above() { # could we see PATH if it were there?
  above=${1%/*}
  while [ ! -e "${above:-/}" ]; do above=${above%/*}; done
  [ -x "${above:-/}" ] || return 1
  case $1 in *[*]*) [ -r "${above:-/}" ] || return 1 ;; esac
  return 0
}
files() { # ID BYTES FILTER PATH...
  say "section $1"
  bytes=$2 filter=$3 count=0
  shift 3
  for path do
    if [ -f "$path" ]; then
      count=$((count + 1))
      if [ "$count" -gt 200 ]; then say "more"; break; fi
      if [ -r "$path" ]; then
        say "file $(plain "$path")"
        if [ -n "$box" ]; then $box 5 head -c "$bytes" "$path" 2>/dev/null
        else head -c "$bytes" "$path" 2>/dev/null; fi | $filter "$bytes"
      else say "denied $(plain "$path")"; fi
    elif [ -d "$path" ]; then say "missing $(plain "$path")" # a pattern may hit a directory
    elif [ -e "$path" ]; then say "special $(plain "$path")"
    elif open_above "$path"; then say "missing $(plain "$path")"
    else say "denied $(plain "$path")"; fi
  done
}
values() { # ID PATH...: the first line of kernel files
  say "section $1"
  shift
  for path do
    shift
    if [ -r "$path" ]; then set -- "$@" "$path"
    elif [ -e "$path" ] || ! open_above "$path"; then say "denied $path"
    else say "missing $path"; fi
  done
  if [ $# -gt 0 ] && [ -n "$box" ]; then
    $box 5 grep -a -m 1 -H '' "$@" /dev/null 2>/dev/null </dev/null | clean 65536
  fi
}
modes() { # ID PATH...: owner and permissions, never content
  say "section $1"
  shift
  for path do
    shift
    if [ -e "$path" ]; then set -- "$@" "$path" # of a link, what it leads to
    elif open_above "$path"; then say "missing $(plain "$path")"
    else say "denied $(plain "$path")"; fi
  done
  [ $# -eq 0 ] || stat -L -c '%a %u %g %U %G %s %Y %F|%n' "$@" 2>/dev/null </dev/null | clean 131072
}
run() { # ID SECONDS BYTES root|anyone READS COMMAND...
  say "section $1"
  seconds=$2 bytes=$3 who=$4 reads=$5
  shift 5
  if [ "$reads" != - ]; then
    if [ ! -e "$reads" ] && open_above "$reads"; then say "absent"; return; fi
    if [ ! -r "$reads" ]; then say "denied $reads"; return; fi
  fi
  command -v "$1" >/dev/null 2>&1 || { say "absent"; return; }
  if [ "$who" = root ] && [ "$me" != 0 ]; then say "denied $1"; return; fi
  [ -n "$box" ] || { say "untimed"; return; }
  said=$( { { { $box "$seconds" "$@" </dev/null 2>&1 >&6; echo "<$?>" >&3; } |
    { head -c 200; cat >/dev/null; } | tr -c 'A-Za-z0-9 .,:/_-' ' ' >&3; } 6>&1 | clean "$bytes" >&4; } 3>&1 )
  say "ran $(printf '%s' "$said" | tr '\n' ' ')"
}

printf '#qinglang-collect 1 @VERSION@\n'
@SECTIONS@
say "done"
