#!/bin/sh
# Puts the site's addresses into Alertmanager's configuration and starts it.
#
#   start.sh TEMPLATE CONFIGURATION COMMAND…
#
# TEMPLATE names them as ${ALERTS_…}; CONFIGURATION is written, for this user alone, since an
# address may hold a secret. COMMAND replaces this script. Nothing starts without every address.
set -eu
umask 077
template=$1 written=$2
shift 2

script=
for name in ALERTS_PLATFORM_URL ALERTS_AI_QUALITY_URL ALERTS_CLINICAL_SAFETY_URL; do
  eval "value=\${$name:-}"
  case $value in
    http://?* | https://?*) ;;
    *) echo "$name: set it to the URL of a webhook, https://…" >&2; exit 2 ;;
  esac
  case $value in
    *[[:space:]\'\"]*) echo "$name: no quotes and no blanks, write them as %27, %22 and %20" >&2; exit 2 ;;
  esac
  escaped=$(printf '%s' "$value" | sed 's/[&|\\]/\\&/g')
  script="$script;s|\${$name}|$escaped|g"
done
sed "${script#;}" "$template" >"$written"
exec "$@"
