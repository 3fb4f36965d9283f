#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "base/banned.h"

void tel_complain(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("telephonyctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

enum tel_exit tel_say(const struct tel_buf *out)
{
	struct tel_str text = tel_buf_str(out);

	if (tel_buf_err(out)) {
		tel_complain("can't make the output: %s", tel_err_text(tel_buf_err(out)));
		return TEL_EXIT_TROUBLE;
	}
	if (fwrite(text.ptr, 1, text.len, stdout) != text.len || fflush(stdout) != 0) {
		tel_complain("can't write to standard output: %s", strerror(errno));
		return TEL_EXIT_TROUBLE;
	}
	return TEL_EXIT_OK;
}
