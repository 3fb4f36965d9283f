#include "config.h"

#include <errno.h>
#include <sys/random.h>

#include "system/random.h"
#include "base/banned.h"

static enum tel_err fill(struct tel_random *random, void *out, size_t len)
{
	unsigned char *p = out;
	ssize_t n;

	(void)random;
	while (len > 0) {
		n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return TEL_EIO;
		p += n;
		len -= (size_t)n;
	}
	return TEL_OK;
}

static const struct tel_random_ops ops = { .name = "system", .fill = fill };

void tel_system_random_init(struct tel_random *random)
{
	random->ops = &ops;
}
