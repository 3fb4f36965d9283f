#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "system/descriptors.h"
#include "base/banned.h"

bool tel_fill_descriptors(int mode)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", mode) != fd)
			return false;
	return true;
}
