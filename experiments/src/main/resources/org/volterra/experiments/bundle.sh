#!/bin/sh
# Starts Volterra with the Java runtime beside this file; no other Java is needed.
set -eu

here=$0
while [ -L "$here" ]; do
  link=$(readlink "$here")
  case $link in
    /*) here=$link ;;
    *) here=${here%/*}/$link ;;
  esac
done
case $here in
  */*) here=${here%/*} ;;
  *) here=. ;;
esac
here=$(cd "$here" && pwd)

# shellcheck disable=SC2086
exec "$here/runtime/bin/java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmn32m \
  ${VOLTERRA_JAVA_OPTS:-} -Dvolterra.home="$here" -Dvolterra.commit=@commit@ -cp "$here/lib/*" org.volterra.experiments.Main "$@"
