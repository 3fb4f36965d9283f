#include "config.h"

#include <string.h>

#include "record/keys.h"
#include "record/request_record.h"
#include "base/banned.h"

#define ID_LEN (TEL_CALL_ID_TEXT - 1)

struct tel_str tel_request_encode(const struct tel_request_memory *memory, tel_time until,
				  char bytes[TEL_REQUEST_RECORD])
{
	struct tel_key_buf number;

	tel_key_start(&number);
	tel_key_add_time(&number, until);
	memcpy(bytes, number.bytes, 8);
	memcpy(bytes + 8, memory->call_id.text, ID_LEN);
	memcpy(bytes + 8 + ID_LEN, memory->body_sha256, sizeof(memory->body_sha256));
	return (struct tel_str){ bytes, TEL_REQUEST_RECORD };
}

enum tel_err tel_request_decode(struct tel_str bytes, struct tel_request_memory *out)
{
	struct tel_str id;

	if (bytes.len != TEL_REQUEST_RECORD)
		return TEL_ECORRUPT;
	id = (struct tel_str){ bytes.ptr + 8, ID_LEN };
	if (tel_call_id_parse(id, &out->call_id))
		return TEL_ECORRUPT;
	memcpy(out->body_sha256, bytes.ptr + 8 + ID_LEN, sizeof(out->body_sha256));
	return TEL_OK;
}
