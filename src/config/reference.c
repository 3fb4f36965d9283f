#include "config.h"

#include "config/telephony_config.h"
#include "base/banned.h"

static void write_source(const struct tel_config_value *value, struct tel_buf *out)
{
	switch (value->source) {
	case TEL_FROM_FILE:
		tel_buf_printf(out, "line %u of the file", value->line);
		break;
	case TEL_FROM_ENVIRONMENT:
		tel_buf_puts(out, "environment");
		break;
	default:
		tel_buf_puts(out, "default");
	}
}

enum tel_err tel_config_write_effective(const struct tel_config *config, struct tel_buf *out)
{
	const struct tel_config_value *value;
	const struct tel_setting *setting;
	size_t i;

	for (i = 0; i < TEL_SETTINGS; i++) {
		setting = tel_setting((enum tel_setting_id)i);
		value = &config->values[i];
		if (!value->text) {
			tel_buf_printf(out, "# %s is not set: %s\n", setting->key,
				       setting->fallback_words);
			continue;
		}
		tel_buf_printf(out, "%s=%s  # ", setting->key,
			       setting->flags & TEL_SETTING_SECRET ? "(set)" : value->text);
		write_source(value, out);
		tel_buf_puts(out, "\n");
	}
	return tel_buf_err(out);
}

static const char introduction[] =
	"# Settings\n"
	"\n"
	"Made from the program's own table by `telephonyctl config reference`; do not edit.\n"
	"\n"
	"Settings are environment variables, or `KEY=VALUE` lines in the file that\n"
	"`TELEPHONY_CONFIG` names. The environment overrides the file; an empty value counts as\n"
	"not set. `telephonyctl config check` says all that is wrong with them, and what is in\n"
	"force.\n"
	"\n"
	"The file is the place for secrets: give it to root and the program's group with mode\n"
	"0640. Lines that start with `#` are comments; a value may be in single or double\n"
	"quotes; nothing is expanded and there are no escapes. A line whose key begins with\n"
	"`TELEPHONY_` or `LIVEKIT_` and is none of these is an error, so that no typing mistake\n"
	"goes unseen; other keys are ignored.\n"
	"\n"
	"```ini\n"
	"# /etc/livekit-telephony/telephony.conf\n"
	"LIVEKIT_URL=https://livekit.example.com\n"
	"LIVEKIT_API_KEY=APIexample\n"
	"LIVEKIT_API_SECRET=of-32-characters-or-more-without-blanks\n"
	"# while keys are being changed: the old one is still taken\n"
	"LIVEKIT_KEYS=APIold: its-secret\n"
	"```\n"
	"\n"
	"| Setting | Default | Allowed | Meaning |\n"
	"|---|---|---|---|\n";

enum tel_err tel_config_write_reference(struct tel_buf *out)
{
	const struct tel_setting *s;
	size_t i;

	tel_buf_puts(out, introduction);
	for (i = 0; i < TEL_SETTINGS; i++) {
		s = tel_setting((enum tel_setting_id)i);
		tel_buf_printf(out, "| `%s` | ", s->key);
		if (s->fallback)
			tel_buf_printf(out, "`%s`", s->fallback);
		else
			tel_buf_puts(out, s->fallback_words);
		tel_buf_puts(out, " | ");
		tel_setting_write_allowed(s, out);
		tel_buf_printf(out, " | %s%s |\n", s->help,
			       s->flags & TEL_SETTING_SECRET ? " A secret: never shown." : "");
	}
	return tel_buf_err(out);
}
