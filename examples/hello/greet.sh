#!/bin/sh
# Greets somebody: greet.sh GREETING NAME
printf '%s, %s!\n' "$1" "$2"
