/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/files.c - the files in \prague on the volume the loader came from.
 */
#include "boot/uefi/firmware.h"

#define NAME_MAX  64
#define INFO_SIZE 512 /* bytes: an EFI_FILE_INFO with a name of NAME_MAX */

static EFI_FILE_HANDLE root;

static void *protocol(EFI_HANDLE handle, const EFI_GUID *guid, const char *what)
{
	EFI_GUID id = *guid;
	void *interface;
	EFI_STATUS status = firmware->BootServices->HandleProtocol(handle, &id, &interface);

	if (EFI_ERROR(status))
		fail("the firmware has no %s (status %#llx): boot from a disk or a CD", what,
		     (unsigned long long)status);
	return interface;
}

void open_boot_volume(void)
{
	static const EFI_GUID image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	static const EFI_GUID volume_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_LOADED_IMAGE *image;
	EFI_FILE_IO_INTERFACE *volume;
	EFI_STATUS status;

	say("opening the boot volume");
	image = protocol(loader_image, &image_guid, "description of the loader");
	volume = protocol(image->DeviceHandle, &volume_guid, "file system on the boot volume");
	status = volume->OpenVolume(volume, &root);
	if (EFI_ERROR(status))
		fail("the boot volume cannot be opened (status %#llx): is the disk damaged?",
		     (unsigned long long)status);
}

static EFI_STATUS open_as(const char *name, UINT64 mode, UINT64 attributes, EFI_FILE_HANDLE *file)
{
	static const char folder[] = "\\prague\\";
	CHAR16 path[sizeof(folder) + NAME_MAX];
	size_t n = 0;

	for (const char *s = folder; *s; s++)
		path[n++] = (u8)*s;
	for (const char *s = name; *s && n < ARRAY_SIZE(path) - 1; s++)
		path[n++] = (u8)*s;
	path[n] = 0;
	return root->Open(root, file, path, mode, attributes);
}

/* Null if there is no such file. */
static EFI_FILE_HANDLE open_file(const char *name)
{
	EFI_FILE_HANDLE file;
	EFI_STATUS status = open_as(name, EFI_FILE_MODE_READ, 0, &file);

	if (status == EFI_NOT_FOUND)
		return NULL;
	if (EFI_ERROR(status))
		fail("\\prague\\%s cannot be opened (status %#llx): is the disk damaged?", name,
		     (unsigned long long)status);
	return file;
}

static size_t size_of(EFI_FILE_HANDLE file, const char *name)
{
	static EFI_GUID info_guid = EFI_FILE_INFO_ID;
	union {
		EFI_FILE_INFO info;
		u8 space[INFO_SIZE];
	} u;
	UINTN size = sizeof(u);
	EFI_STATUS status = file->GetInfo(file, &info_guid, &size, &u);

	if (EFI_ERROR(status))
		fail("\\prague\\%s has no size (status %#llx): is the disk damaged?", name,
		     (unsigned long long)status);
	return u.info.FileSize;
}

void *read_file(const char *name, size_t *size)
{
	EFI_FILE_HANDLE file;
	EFI_STATUS status;
	UINTN got;
	void *data;

	say("reading \\prague\\%s", name);
	file = open_file(name);
	if (!file)
		return NULL;
	*size = size_of(file, name);
	got = *size;
	data = low_alloc(*size / PAGE_SIZE + 1, name);
	status = file->Read(file, &got, data);
	if (EFI_ERROR(status) || got != *size)
		fail("\\prague\\%s cannot be read (status %#llx): is the disk damaged?", name,
		     (unsigned long long)status);
	file->Close(file);
	return data;
}

size_t read_small_file(const char *name, void *data, size_t max)
{
	EFI_FILE_HANDLE file;
	UINTN got = max;
	EFI_STATUS status;

	if (EFI_ERROR(open_as(name, EFI_FILE_MODE_READ, 0, &file)))
		return 0;
	status = file->Read(file, &got, data);
	file->Close(file);
	return EFI_ERROR(status) ? 0 : got;
}

/* --- writing ---------------------------------------------------------------------------------- */

#define MODE_CREATE (EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE)

bool make_folder(const char *name)
{
	EFI_FILE_HANDLE folder;

	if (EFI_ERROR(open_as(name, MODE_CREATE, EFI_FILE_DIRECTORY, &folder)))
		return false;
	folder->Close(folder);
	return true;
}

bool write_file(const char *name, const void *data, size_t size)
{
	EFI_FILE_HANDLE file;
	UINTN put = size;
	EFI_STATUS status;

	if (EFI_ERROR(open_as(name, MODE_CREATE, 0, &file)))
		return false;
	status = file->Write(file, &put, (void *)(uintptr_t)data);
	if (!EFI_ERROR(status))
		status = file->Flush(file);
	file->Close(file);
	return !EFI_ERROR(status) && put == size;
}

bool delete_file(const char *name)
{
	EFI_FILE_HANDLE file;

	if (EFI_ERROR(open_as(name, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, 0, &file)))
		return false;
	return file->Delete(file) == EFI_SUCCESS; /* which closes it in any case */
}
