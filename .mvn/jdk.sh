# Sourced by ./mvnw and ./volterra: sets JAVA_HOME to a JDK of at least version 25, or ends with one sentence that says what to install.
# JAVA_HOME and the java on the PATH win if they qualify; else the lowest version that does, from where JDKs usually lie.

volterra_least=25

# Prints the feature version of the JDK in folder $1, or nothing if it is no JDK.
volterra_jdk_version() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9][0-9]*\).*/\1/p' "$1/release"
}

volterra_qualifies() {
  volterra_version=$(volterra_jdk_version "$1")
  [ -n "$volterra_version" ] && [ "$volterra_version" -ge "$volterra_least" ]
}

# Prints the home of the java on the PATH, links resolved.
volterra_path_home() {
  volterra_java=$(command -v java 2>/dev/null) || return 0
  volterra_java=$(readlink -f "$volterra_java" 2>/dev/null || echo "$volterra_java")
  dirname "$(dirname "$volterra_java")"
}

volterra_find_jdk() {
  for volterra_home in "${JAVA_HOME:-}" "$(volterra_path_home)"; do
    if [ -n "$volterra_home" ] && volterra_qualifies "$volterra_home"; then
      echo "$volterra_home"
      return 0
    fi
  done
  volterra_best=
  volterra_best_version=
  for volterra_home in /usr/lib/jvm/* /usr/java/* /opt/*jdk* "${HOME:-/}"/.sdkman/candidates/java/* \
    "${HOME:-/}"/.jdks/* "${HOME:-/}"/.m2/jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if volterra_qualifies "$volterra_home" &&
      { [ -z "$volterra_best" ] || [ "$volterra_version" -lt "$volterra_best_version" ]; }; then
      volterra_best=$volterra_home
      volterra_best_version=$volterra_version
    fi
  done
  echo "$volterra_best"
}

volterra_found=$(volterra_find_jdk)
if [ -z "$volterra_found" ]; then
  echo "Volterra needs JDK $volterra_least or newer and found none: install Temurin 25 from https://adoptium.net, or set JAVA_HOME to such a JDK." >&2
  exit 1
fi
JAVA_HOME=$volterra_found
export JAVA_HOME

# Maven's own libraries would otherwise be warned about on every start.
MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
export MAVEN_OPTS
