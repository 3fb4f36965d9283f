/*
 * All drivers: TARGET(name, longest input worth trying, dictionary). Each is
 * fuzz_<name>.c, with a corpus in corpus/<name>/ and words in
 * dict/<dictionary>.dict ("none": it has none). run.py and fuzz.mk read this.
 */
TARGET(api, 2048, http)
TARGET(claims, 4096, token)
TARGET(config_file, 2048, settings)
TARGET(cursor, 64, none)
TARGET(deliveries, 16384, livekit)
TARGET(duty_record, 512, record)
TARGET(entry_record, 4096, record)
TARGET(event, 8192, livekit)
TARGET(gateway, 4096, http)
TARGET(jwt, 2048, token)
TARGET(keys, 1024, settings)
TARGET(number, 128, none)
TARGET(order, 4096, order)
TARGET(record, 8192, record)
TARGET(routes, 4096, routes)
TARGET(settings, 2048, settings)
TARGET(target, 2048, http)
TARGET(time, 64, none)
TARGET(twirp, 8192, livekit)
TARGET(utf8, 256, none)
TARGET(webhook, 4096, token)
