# SPDX-License-Identifier: Apache-2.0
# For other scripts to source: where this machine takes Debian from.

# debian_mirror CODENAME [APT_OPTION...]: the URI of the first source that serves main of CODENAME; nothing
# when there is none. apt reads the sources itself, so that both formats, deb822 and one line each, mean here
# what they mean to apt.
debian_mirror() {
  local codename=$1
  shift
  apt-get indextargets --no-release-info "$@" --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)' 2>/dev/null |
    awk -v codename="$codename" '$1 == "Packages" && $2 == codename && $3 == "main" && !found { print $4; found = 1 }'
}
