#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* "7f1c40000000-7f2040000000 r--s 00000000 fe:01 1234  /var/lib/…/data.mdb" */
static bool parse_mapping(const char *line, ino_t ino, uintptr_t *from, uintptr_t *to)
{
	uintmax_t found;

	return sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %" SCNuMAX, from, to, &found) == 3 &&
	       found == ino && strstr(line, "/data.mdb");
}

void tel_lmdb_trim(struct tel_lmdb_store *s)
{
	mdb_filehandle_t fd;
	uintptr_t from, to;
	char line[4096 + 256];
	struct stat st;
	FILE *maps;

	if (mdb_env_get_fd(s->env, &fd) || fstat(fd, &st))
		return;
	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return;
	pthread_rwlock_rdlock(&s->map_lock);
	while (fgets(line, sizeof(line), maps))
		if (parse_mapping(line, st.st_ino, &from, &to))
			madvise((void *)from, to - from, MADV_DONTNEED);
	pthread_rwlock_unlock(&s->map_lock);
	fclose(maps);
}
