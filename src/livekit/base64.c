#include "config.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "livekit/base64.h"
#include "base/banned.h"

/* Characters handed to OpenSSL at once; a multiple of 4. */
#define CHUNK 256

/*
 * OpenSSL's decoder takes the standard alphabet only, and forgives blanks
 * and line ends at both sides: whatever is not of the URL alphabet has to
 * be found here.
 */
static bool to_standard(const char *in, size_t n, unsigned char *out)
{
	size_t i;
	char c;

	for (i = 0; i < n; i++) {
		c = in[i];
		if (c == '-')
			c = '+';
		else if (c == '_')
			c = '/';
		else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			   (c >= '0' && c <= '9')))
			return false;
		out[i] = (unsigned char)c;
	}
	return true;
}

/* RFC 4648 §3.5: the same bytes have one encoding, or a text is forgeable. */
static bool is_canonical(const unsigned char *last4, const unsigned char *bytes, size_t n)
{
	unsigned char again[5];

	EVP_EncodeBlock(again, bytes, (int)n);
	return memcmp(again, last4, 4) == 0;
}

/* At most CHUNK characters; only the last chunk may be no multiple of 4. */
static bool decode_chunk(const char *in, size_t n, unsigned char *out, size_t *len)
{
	unsigned char text[CHUNK + 3];
	size_t pad = (4 - n % 4) % 4, i;
	int got;

	if (pad == 3 || !to_standard(in, n, text))
		return false;
	for (i = 0; i < pad; i++)
		text[n + i] = '=';
	got = EVP_DecodeBlock(out, text, (int)(n + pad));
	if (got < 0 || (size_t)got < pad)
		return false;
	*len = (size_t)got - pad;
	return pad == 0 || is_canonical(text + n + pad - 4, out + got - 3, 3 - pad);
}

enum tel_err tel_base64url_decode(struct tel_str in, unsigned char *out, size_t *len)
{
	size_t done = 0, total = 0, n, got;

	for (; done < in.len; done += n) {
		n = in.len - done < CHUNK ? in.len - done : CHUNK;
		if (!decode_chunk(in.ptr + done, n, out + total, &got))
			return TEL_EMALFORMED;
		total += got;
	}
	*len = total;
	return TEL_OK;
}

enum tel_err tel_base64_add(struct tel_buf *b, const void *data, size_t len)
{
	if (len > INT_MAX / 2)
		return b->err ? b->err : (b->err = TEL_ETOOBIG);
	if (tel_buf_reserve(b, TEL_BASE64_ENCODED(len)))
		return b->err;
	b->len += (size_t)EVP_EncodeBlock((unsigned char *)b->ptr + b->len, data, (int)len);
	return TEL_OK;
}

enum tel_err tel_base64url_add(struct tel_buf *b, const void *data, size_t len)
{
	size_t i, start = b->len;

	if (tel_base64_add(b, data, len))
		return b->err;
	while (b->len > start && b->ptr[b->len - 1] == '=')
		b->len--;
	b->ptr[b->len] = '\0';
	for (i = start; i < b->len; i++) {
		if (b->ptr[i] == '+')
			b->ptr[i] = '-';
		else if (b->ptr[i] == '/')
			b->ptr[i] = '_';
	}
	return TEL_OK;
}
