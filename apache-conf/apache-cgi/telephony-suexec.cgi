#!/bin/sh
# For hosts that run CGI programs through suEXEC, which removes TELEPHONY_CONFIG
# from the environment (the program then says that LIVEKIT_URL and others are
# missing). Install this as telephony.cgi, mode 0700, in place of the program,
# and the program itself outside of the web site.

# EDIT config: the program's settings, mode 0600
TELEPHONY_CONFIG="/home/you/livekit-telephony/telephony.conf"
export TELEPHONY_CONFIG

# EDIT program: the program, telephony.fcgi; one binary for FastCGI and CGI
exec "/home/you/livekit-telephony/telephony.fcgi"
