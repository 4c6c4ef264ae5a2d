# shellcheck shell=bash disable=SC2153 # BINARY_PATH and VERSION are inputs, the lower-case names its own
# Puts a g-gremlin in place, and makes the folder that the other steps share. It is sourced by the step.
#
# A release is checked twice: its SHA-256 against the table in this repository, which whoever pins the action pins with it, and
# its attestation, where `gh` can get one. The token is for `gh` alone.
set -euo pipefail
token=$ATTESTATION_TOKEN
unset ATTESTATION_TOKEN

failed() { # TEXT
  echo "::error title=g-gremlin::$1"
  exit 1
}

notice() { # TEXT
  echo "::notice title=g-gremlin::$1"
}

# A value of the package, so that version and repository have one home.
package() { # KEY
  sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" "$GITHUB_ACTION_PATH/Cargo.toml" | head -n 1
}

sha256() { # FILE
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Sets `target`.
choose_target() {
  case $RUNNER_OS-$RUNNER_ARCH in
    Linux-X64) target=x86_64-unknown-linux-musl ;;
    Linux-ARM64) target=aarch64-unknown-linux-musl ;;
    macOS-X64) target=x86_64-apple-darwin ;;
    macOS-ARM64) target=aarch64-apple-darwin ;;
    Windows-X64) target=x86_64-pc-windows-msvc ;;
    *) failed "there is no release for $RUNNER_OS on $RUNNER_ARCH; set version: source, or binary-path" ;;
  esac
}

# Contradicted is an error; what cannot be had is a notice. So everything that needs the network comes first.
attested() { # ARCHIVE REPOSITORY
  local repository=${2#https://github.com/} bundle
  # The token is of the server that runs this job, and the attestation lies at github.com.
  if [ "$GITHUB_SERVER_URL" != https://github.com ]; then
    notice "the attestation was not checked: it is at github.com, where the token of this server must not go; the SHA-256 was"
    return
  fi
  if [ -z "$token" ] || ! command -v gh >/dev/null; then
    notice "the attestation was not checked: that needs gh and a token; the SHA-256 was"
    return
  fi
  export GH_HOST=github.com
  if ! GH_TOKEN=$token gh attestation download "$1" --repo "$repository" >gh.log 2>&1 ||
    ! GH_TOKEN=$token gh attestation trusted-root >trusted-root.jsonl 2>>gh.log; then
    notice "the attestation was not checked: gh could not get it; the SHA-256 was"
    return
  fi
  bundle=$(find . -maxdepth 1 -name 'sha256*.jsonl' | head -n 1)
  GH_TOKEN=$token gh attestation verify "$1" --repo "$repository" --bundle "$bundle" \
    --custom-trusted-root trusted-root.jsonl --signer-workflow "$repository/.github/workflows/release.yml" >gh.log 2>&1 ||
    failed "the attestation of the release contradicts it; it is not run"
  echo "The attestation says: built by the release workflow of $repository"
}

# Sets `binary`.
release() { # VERSION
  local version=$1 repository archive wanted
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] ||
    failed "the input version is a release such as 1.0.0, or source"
  repository=$(package repository)
  choose_target
  archive=g-gremlin-$version-$target.tar.gz
  wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$GITHUB_ACTION_PATH/.github/release-checksums.txt")
  [ -n "$wanted" ] ||
    failed "this commit of the action knows no checksum of $archive; use the commit of a release, or version: source"

  mkdir "$work/release"
  cd "$work/release"
  curl --proto '=https' --proto-redir '=https' --tlsv1.2 --fail --silent --show-error --location --retry 5 \
    --retry-all-errors --max-time 300 --output "$archive" "$repository/releases/download/v$version/$archive" ||
    failed "the release $version could not be downloaded"
  [ "$(sha256 "$archive")" = "$wanted" ] || failed "the SHA-256 of $archive is not the one in the action's table; it is not run"
  attested "$archive" "$repository"
  # Relative names: to tar on Windows, a colon is a host.
  tar -xzf "$archive"
  binary=$work/release/g-gremlin
}

work=$(mktemp -d "$RUNNER_TEMP/g-gremlin-XXXXXX")
if [ -n "$BINARY_PATH" ]; then
  binary=$BINARY_PATH
  if [ ! -e "$binary" ]; then failed "there is no file at the input binary-path"; fi
elif [ "$VERSION" = source ]; then
  command -v cargo >/dev/null || failed "version: source needs cargo, with a Rust toolchain"
  built=${CARGO_TARGET_DIR:-$GITHUB_ACTION_PATH/target}
  cargo build --locked --release --bin g-gremlin --manifest-path "$GITHUB_ACTION_PATH/Cargo.toml" --target-dir "$built"
  binary=$built/release/g-gremlin
else
  version=${VERSION:-$(package version)}
  release "${version#v}"
fi
if [ "$RUNNER_OS" = Windows ] && [ -e "$binary.exe" ]; then binary=$binary.exe; fi
# Later steps may run elsewhere.
case $binary in
  /* | ?:*) ;;
  *) binary=$PWD/$binary ;;
esac
"$binary" --version || failed "g-gremlin does not run here"
{
  echo "binary=$binary"
  echo "work=$work"
} >>"$GITHUB_OUTPUT"
