/* SPDX-License-Identifier: MIT */
/*
 * lib/cmdline.c - next_word() alone knows how words, names, values and quotes are
 * written.  A value is checked whole before its target is touched.
 */
#include "lib/cmdline.h"
#include "lib/err.h"
#include "lib/format.h"
#include "lib/string.h"

struct word {
	const char *text; /* all of it, quotes included */
	const char *name, *value;
	size_t text_len, name_len, value_len;
	bool has_value;
	bool malformed; /* a quote that does not end, or ends inside the word */
};

struct parser {
	const struct cmdline_option *options;
	size_t n;
	void (*complain)(const char *message);
	int complaints;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(char c)
{
	return c == '\0' || is_blank(c);
}

/* @s is behind the '='; returns the end of the word. */
static const char *take_value(const char *s, struct word *w)
{
	const char *quote;

	w->has_value = true;
	w->value = s;
	if (*s != '"') {
		while (!ends_word(*s))
			s++;
		w->value_len = (size_t)(s - w->value);
		return s;
	}
	w->value = ++s;
	quote = strchr(s, '"');
	w->value_len = quote ? (size_t)(quote - s) : strlen(s);
	s += w->value_len + (quote != NULL);
	w->malformed = quote == NULL || !ends_word(*s);
	while (!ends_word(*s))
		s++;
	return s;
}

/* Take the first word of *@line and move *@line behind it; false at the end. */
static bool next_word(const char **line, struct word *w)
{
	const char *s = *line;

	while (is_blank(*s))
		s++;
	*w = (struct word){ .text = s, .name = s };
	while (!ends_word(*s) && *s != '=')
		s++;
	w->name_len = (size_t)(s - w->name);
	w->value = s;
	if (*s == '=')
		s = take_value(s + 1, w);
	w->text_len = (size_t)(s - w->text);
	*line = s;
	return w->text_len > 0;
}

static bool equals(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(text, name, len) == 0;
}

/* One complaint: @w, then what is wrong with it. */
static void complain(struct parser *p, const struct word *w, const char *allowed)
{
	const int shown = 80; /* bytes of a word that are worth repeating */
	char message[CMDLINE_COMPLAINT_MAX];

	p->complaints++;
	format(message, sizeof(message), "command line: '%.*s'%s: %s",
	       (int)MIN(w->text_len, (size_t)shown), w->text,
	       w->text_len > (size_t)shown ? "..." : "", allowed);
	for (char *c = message; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?'; /* one line, and no commands to a terminal */
	}
	if (p->complain != NULL)
		p->complain(message);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Returns how many of @len bytes were the number: 0 if there is none or it overflows. */
static size_t parse_number(const char *s, size_t len, u64 *value)
{
	bool hex = len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	int base = hex ? 16 : 10;
	size_t first = hex ? 2 : 0, i = first;

	*value = 0;
	for (; i < len && digit_value(s[i]) < base; i++) {
		if (__builtin_mul_overflow(*value, (u64)base, value) ||
		    __builtin_add_overflow(*value, (u64)digit_value(s[i]), value))
			return 0;
	}
	return i > first ? i : 0;
}

static int parse_size(const char *s, size_t len, u64 *value)
{
	static const char suffixes[] = "KMG";
	size_t used = parse_number(s, len, value);
	u64 unit = 1;

	if (used == 0)
		return -EINVAL;
	if (used == len)
		return 0;
	for (size_t i = 0; suffixes[i] != '\0'; i++) {
		unit *= KIB;
		if (used + 1 == len && s[used] == suffixes[i])
			return __builtin_mul_overflow(*value, unit, value) ? -ERANGE : 0;
	}
	return -EINVAL;
}

static void store_uint(const struct cmdline_option *o, u64 value)
{
	/* Little-endian: the low bytes come first. */
	memcpy(o->target, &value, o->target_size);
}

static void set_flag(struct parser *p, const struct cmdline_option *o, const struct word *w)
{
	bool on = !w->has_value || equals(w->value, w->value_len, "on");

	if (on || equals(w->value, w->value_len, "off"))
		*(bool *)o->target = on;
	else
		complain(p, w, "must be on or off");
}

static void set_number(struct parser *p, const struct cmdline_option *o, const struct word *w)
{
	bool size = o->kind == CMDLINE_SIZE;
	u64 fits = ~0ull >> (64 - 8 * o->target_size);
	u64 max = o->max != 0 ? MIN(o->max, fits) : fits;
	char allowed[CMDLINE_COMPLAINT_MAX / 2];
	bool good;
	u64 value;

	if (size)
		good = parse_size(w->value, w->value_len, &value) == 0;
	else
		good = w->value_len > 0 &&
		       parse_number(w->value, w->value_len, &value) == w->value_len;
	if (good && value >= o->min && value <= max) {
		store_uint(o, value);
		return;
	}
	format(allowed, sizeof(allowed), "must be a %s from %llu to %llu%s",
	       size ? "size" : "number", (unsigned long long)o->min, (unsigned long long)max,
	       size ? " bytes (K, M, G allowed)" : "");
	complain(p, w, allowed);
}

static void set_string(struct parser *p, const struct cmdline_option *o, const struct word *w)
{
	char allowed[CMDLINE_COMPLAINT_MAX / 2];

	if (w->has_value && w->value_len < o->target_size) {
		memcpy(o->target, w->value, w->value_len);
		((char *)o->target)[w->value_len] = '\0';
		return;
	}
	format(allowed, sizeof(allowed), "must have a value of at most %zu characters",
	       o->target_size - 1);
	complain(p, w, allowed);
}

static void set_choice(struct parser *p, const struct cmdline_option *o, const struct word *w)
{
	char allowed[CMDLINE_COMPLAINT_MAX / 2];
	size_t len = strlcpy(allowed, "must be one of", sizeof(allowed));

	for (size_t i = 0; o->choices[i] != NULL; i++) {
		if (w->has_value && equals(w->value, w->value_len, o->choices[i])) {
			store_uint(o, i);
			return;
		}
		if (len < sizeof(allowed))
			len += (size_t)format(allowed + len, sizeof(allowed) - len, " %s",
					      o->choices[i]);
	}
	complain(p, w, allowed);
}

static void complain_unknown(struct parser *p, const struct word *w)
{
	char allowed[CMDLINE_COMPLAINT_MAX - 1];
	size_t len = strlcpy(allowed, "no such option; there are", sizeof(allowed));

	for (size_t i = 0; i < p->n && len < sizeof(allowed); i++)
		len += (size_t)format(allowed + len, sizeof(allowed) - len, " %s",
				      p->options[i].name);
	complain(p, w, allowed);
}

static void apply(struct parser *p, const struct cmdline_option *o, const struct word *w)
{
	switch (o->kind) {
	case CMDLINE_FLAG:
		set_flag(p, o, w);
		break;
	case CMDLINE_UINT:
	case CMDLINE_SIZE:
		set_number(p, o, w);
		break;
	case CMDLINE_STRING:
		set_string(p, o, w);
		break;
	case CMDLINE_CHOICE:
		set_choice(p, o, w);
		break;
	}
}

static const struct cmdline_option *find_option(const struct parser *p, const struct word *w)
{
	for (size_t i = 0; i < p->n; i++) {
		if (equals(w->name, w->name_len, p->options[i].name))
			return &p->options[i];
	}
	return NULL;
}

int cmdline_parse(const char *line, const struct cmdline_option *options, size_t n,
		  void (*complain_to)(const char *message))
{
	struct parser p = { .options = options, .n = n, .complain = complain_to };
	struct word w;

	while (next_word(&line, &w)) {
		const struct cmdline_option *o = find_option(&p, &w);

		if (w.malformed)
			complain(&p, &w, "the value's quotes must end at the end of the word");
		else if (o == NULL)
			complain_unknown(&p, &w);
		else
			apply(&p, o, &w);
	}
	return p.complaints;
}

const char *cmdline_find(const char *line, const char *name, size_t *len)
{
	const char *found = NULL;
	struct word w;

	while (next_word(&line, &w)) {
		if (w.malformed || !equals(w.name, w.name_len, name))
			continue;
		found = w.value;
		*len = w.value_len;
	}
	return found;
}
