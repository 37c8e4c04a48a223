package compile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"weir/host/plugin/meter"
)

// load verifies the entry of that key, which lies under name, and loads what it verified. errStale: there is nothing to load.
func (c *Cache) load(ctx context.Context, name, key string) (*Code, error) {
	entry, err := subdirectory(c.dir.Root, name, c.dir.uid)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errStale
	}
	if err != nil {
		return nil, stale("%v", err)
	}
	defer entry.close()
	var seal bytes.Buffer
	if _, err := copyFile(entry, sealFile, maxSeal, &seal); err != nil {
		return nil, stale("%v", err)
	}
	files, err := readSeal(seal.Bytes(), c.key, c.place(key))
	if err != nil {
		return nil, stale("%v", err)
	}
	return c.loadSealed(ctx, entry, files)
}

func (c *Cache) loadSealed(ctx context.Context, entry *directory, files []sealedFile) (*Code, error) {
	name, err := c.dir.temporary(livePrefix)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.dir.RemoveAll(name) }()
	live, err := subdirectory(c.dir.Root, name, c.dir.uid)
	if err != nil {
		return nil, err
	}
	defer live.close()
	small, err := unsealTo(live, entry, files)
	if err != nil {
		var disk writeError
		if errors.As(err, &disk) {
			return nil, err
		}
		return nil, stale("%v", err)
	}
	var report meter.Report
	if err := json.Unmarshal(small[reportFile], &report); err != nil {
		return nil, stale("%s: %v", reportFile, err)
	}
	code, err := loadCode(ctx, live.path(codeDir), small[meteredFile])
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		return nil, stale("there is no machine code for this processor")
	}
	if err != nil {
		return nil, err
	}
	code.Report = &report
	return code, nil
}

// seal writes the report and the seal of what lies under name.
func (c *Cache) seal(name, key string, report *meter.Report) error {
	entry, err := subdirectory(c.dir.Root, name, c.dir.uid)
	if err != nil {
		return err
	}
	defer entry.close()
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if err := entry.WriteFile(reportFile, text, 0o600); err != nil {
		return err
	}
	files, err := makeSeal(entry)
	if err != nil {
		return err
	}
	return entry.WriteFile(sealFile, sealText(files, c.key, c.place(key)), 0o600)
}

// place is what a seal is bound to beside the contents: an entry moved elsewhere is none.
func (c *Cache) place(key string) string { return c.build + "/" + c.platform + "/" + key }

// used notes that an entry is in use, for the sweep.
func (c *Cache) used(key string) {
	now := time.Now()
	_ = c.dir.Chtimes(key+"/"+sealFile, now, now) // at worst it goes too early and is compiled again
}
