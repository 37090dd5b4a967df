/* SPDX-License-Identifier: MIT */
/*
 * lib/format.c - a conversion is parsed into a struct spec, its value turned into
 * digits, and both laid out by put_field(), which alone knows about padding.
 *
 * A conversion that is not known is printed as it was written and takes no argument.
 */
#include "lib/format.h"
#include "lib/string.h"

#define DIGITS_MAX     20 /* of a 64-bit number, in decimal */
#define POINTER_DIGITS 16
#define PRECISION_NONE (-1)
#define SIZE_LIMIT     (1 << 20) /* of a width or precision: sums stay far from overflow */

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, cut or not */
};

struct spec {
	bool left, zero, alternate;
	int width;
	int precision; /* PRECISION_NONE: not given */
	size_t bytes;  /* the argument's size, for numbers */
	char conversion;
};

static void put_char(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_text(struct out *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_char(out, text[i]);
}

static void put_repeated(struct out *out, char c, int n)
{
	for (; n > 0; n--)
		put_char(out, c);
}

/* @prefix (a sign or 0x), then @zeros zeros, then @n bytes of @text, padded to the width. */
static void put_field(struct out *out, const struct spec *s, const char *prefix, int zeros,
		      const char *text, size_t n)
{
	int prefix_len = (int)strlen(prefix);
	int pad = s->width - prefix_len - MAX(zeros, 0) - (int)n;

	if (!s->left && !s->zero)
		put_repeated(out, ' ', pad);
	put_text(out, prefix, (size_t)prefix_len);
	if (!s->left && s->zero)
		put_repeated(out, '0', pad);
	put_repeated(out, '0', zeros);
	put_text(out, text, n);
	if (s->left)
		put_repeated(out, ' ', pad);
}

static void put_number(struct out *out, struct spec *s, u64 value, const char *prefix)
{
	const char *digits = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int base = s->conversion == 'd' || s->conversion == 'u' ? 10 : 16;
	char text[DIGITS_MAX];
	size_t first = DIGITS_MAX;

	for (; value != 0; value /= base)
		text[--first] = digits[value % base];
	if (s->precision == PRECISION_NONE)
		s->precision = 1;
	else
		s->zero = false;
	put_field(out, s, prefix, s->precision - (int)(DIGITS_MAX - first), text + first,
		  DIGITS_MAX - first);
}

static void put_signed(struct out *out, struct spec *s, s64 value)
{
	s->conversion = 'd';
	if (value < 0)
		put_number(out, s, -(u64)value, "-");
	else
		put_number(out, s, (u64)value, "");
}

static void put_unsigned(struct out *out, struct spec *s, u64 value)
{
	const char *prefix = "";

	if (s->alternate && value != 0 && s->conversion != 'u')
		prefix = s->conversion == 'X' ? "0X" : "0x";
	put_number(out, s, value, prefix);
}

static void put_pointer(struct out *out, struct spec *s, const void *p)
{
	s->precision = POINTER_DIGITS;
	put_number(out, s, (uintptr_t)p, "0x");
}

static void put_string(struct out *out, struct spec *s, const char *text)
{
	size_t max = s->precision == PRECISION_NONE ? SIZE_MAX : (size_t)s->precision;

	if (text == NULL)
		text = "(null)";
	s->zero = false;
	put_field(out, s, "", 0, text, strnlen(text, max));
}

static const char *parse_int(const char *fmt, int *value)
{
	*value = 0;
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		*value = MIN(*value * 10 + (*fmt - '0'), SIZE_LIMIT);
	return fmt;
}

static const char *parse_flags(const char *fmt, struct spec *s)
{
	for (;; fmt++) {
		if (*fmt == '-')
			s->left = true;
		else if (*fmt == '0')
			s->zero = true;
		else if (*fmt == '#')
			s->alternate = true;
		else
			return fmt;
	}
}

static const char *parse_length(const char *fmt, struct spec *s)
{
	s->bytes = sizeof(int);
	if (fmt[0] == 'h') {
		s->bytes = fmt[1] == 'h' ? sizeof(char) : sizeof(short);
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	}
	if (fmt[0] == 'z' || fmt[0] == 'l') {
		s->bytes = sizeof(u64);
		return fmt + (fmt[0] == 'l' && fmt[1] == 'l' ? 2 : 1);
	}
	return fmt;
}

/* The struct exists because a va_list that is a parameter is a pointer on some ABIs. */
struct arguments {
	va_list list;
};

static void set_width(struct spec *s, int width)
{
	s->left |= width < 0;
	width = MAX(MIN(width, SIZE_LIMIT), -SIZE_LIMIT);
	s->width = width < 0 ? -width : width;
}

/* @fmt is behind the '%'; returns what is behind the conversion's letter. */
static const char *parse_spec(const char *fmt, struct spec *s, struct arguments *args)
{
	*s = (struct spec){ .precision = PRECISION_NONE };
	fmt = parse_flags(fmt, s);
	if (*fmt == '*') {
		set_width(s, va_arg(args->list, int));
		fmt++;
	} else {
		fmt = parse_int(fmt, &s->width);
	}
	if (*fmt == '.' && fmt[1] == '*') {
		int precision = va_arg(args->list, int);

		s->precision = precision < 0 ? PRECISION_NONE : MIN(precision, SIZE_LIMIT);
		fmt += 2;
	} else if (*fmt == '.') {
		fmt = parse_int(fmt + 1, &s->precision);
	}
	fmt = parse_length(fmt, s);
	s->conversion = *fmt;
	return *fmt == '\0' ? fmt : fmt + 1;
}

static s64 signed_argument(const struct spec *s, struct arguments *args)
{
	if (s->bytes == sizeof(u64))
		return va_arg(args->list, s64);
	if (s->bytes == sizeof(char))
		return (signed char)va_arg(args->list, int);
	if (s->bytes == sizeof(short))
		return (short)va_arg(args->list, int);
	return va_arg(args->list, int);
}

static u64 unsigned_argument(const struct spec *s, struct arguments *args)
{
	if (s->bytes == sizeof(u64))
		return va_arg(args->list, u64);
	if (s->bytes == sizeof(char))
		return (u8)va_arg(args->list, unsigned int);
	if (s->bytes == sizeof(short))
		return (u16)va_arg(args->list, unsigned int);
	return va_arg(args->list, unsigned int);
}

static void put_character(struct out *out, struct spec *s, char c)
{
	s->zero = false;
	put_field(out, s, "", 0, &c, 1);
}

/* False if the conversion is not known; no argument was taken then. */
static bool put_conversion(struct out *out, struct spec *s, struct arguments *args)
{
	switch (s->conversion) {
	case 'd':
	case 'i':
		put_signed(out, s, signed_argument(s, args));
		return true;
	case 'u':
	case 'x':
	case 'X':
		put_unsigned(out, s, unsigned_argument(s, args));
		return true;
	case 'p':
		put_pointer(out, s, va_arg(args->list, const void *));
		return true;
	case 's':
		put_string(out, s, va_arg(args->list, const char *));
		return true;
	case 'c':
		put_character(out, s, (char)va_arg(args->list, int));
		return true;
	case '%':
		put_char(out, '%');
		return true;
	default:
		return false;
	}
}

int format_v(char *buf, size_t size, const char *fmt, va_list list)
{
	struct out out = { .buf = buf, .size = size };
	struct arguments args;
	struct spec spec;

	va_copy(args.list, list);
	while (*fmt != '\0') {
		const char *start = fmt++;

		if (*start != '%') {
			put_char(&out, *start);
			continue;
		}
		fmt = parse_spec(fmt, &spec, &args);
		if (!put_conversion(&out, &spec, &args))
			put_text(&out, start, (size_t)(fmt - start));
	}
	va_end(args.list);
	if (size > 0)
		buf[MIN(out.len, size - 1)] = '\0';
	return (int)out.len;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = format_v(buf, size, fmt, args);
	va_end(args);
	return len;
}
