// Command verify-log reads a log with foreign tools, golang.org/x/mod's note and tlog, and verifies all that the log claims:
// the checkpoint's signature and cosignatures, the root hash from its tiles, the inclusion of every entry, and that it goes on
// from an older checkpoint. It prints what it verified as JSON; or what is wrong, and exits with status 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight of C2SP tlog-tiles: tiles are 256 hashes wide.
const tileHeight = 8

// cosignatureType of C2SP tlog-cosignature, which sumdb/note does not know.
const cosignatureType = 4

type values []string

func (v *values) String() string         { return strings.Join(*v, " ") }
func (v *values) Set(value string) error { *v = append(*v, value); return nil }

// report is what was verified.
type report struct {
	Origin         string   `json:"origin"`
	Size           int64    `json:"size"`
	Root           string   `json:"root"`
	SignedBy       []string `json:"signedBy"`
	Tiles          int      `json:"tiles"`
	Entries        int64    `json:"entries"`
	ConsistentFrom *int64   `json:"consistentFrom"`
}

// cosigner verifies cosignatures: 8 bytes of time, and an Ed25519 signature over two lines and the checkpoint's text.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	header := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(c.key, append([]byte(header), text...), signature[8:])
}

func parseCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a witness's verifier key has no three parts")
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 1+ed25519.PublicKeySize || material[0] != cosignatureType {
		return nil, errors.New("a witness's verifier key holds no key for cosignatures")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	hash := binary.BigEndian.Uint32(digest[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("a witness's verifier key has another key's ID")
	}
	return cosigner{parts[0], hash, material[1:]}, nil
}

// openCheckpoint verifies the log's signature and at least quorum cosignatures.
func openCheckpoint(message []byte, log note.Verifier, witnesses []note.Verifier, quorum int) (tlog.Tree, *note.Note, error) {
	opened, err := note.Open(message, note.VerifierList(append([]note.Verifier{log}, witnesses...)...))
	if err != nil {
		return tlog.Tree{}, nil, fmt.Errorf("checkpoint: %w", err)
	}
	signed, cosigned := false, 0
	for _, signature := range opened.Sigs {
		if signature.Name == log.Name() && signature.Hash == log.KeyHash() {
			signed = true
		} else {
			cosigned++
		}
	}
	if !signed {
		return tlog.Tree{}, nil, errors.New("checkpoint: not signed by the log")
	}
	if cosigned < quorum {
		return tlog.Tree{}, nil, fmt.Errorf("checkpoint: %d cosignatures of %d", cosigned, quorum)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != log.Name() {
		return tlog.Tree{}, nil, errors.New("checkpoint: not three lines of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, nil, fmt.Errorf("checkpoint: %w", err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, nil, fmt.Errorf("checkpoint: %w", err)
	}
	return tlog.Tree{N: size, Hash: root}, opened, nil
}

// client reads a log over HTTP and keeps what it read.
type client struct {
	prefix string
	mutex  sync.Mutex
	cache  map[string][]byte
}

func (c *client) get(path string) ([]byte, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if data, ok := c.cache[path]; ok {
		return data, nil
	}
	response, err := (&http.Client{Timeout: 20 * time.Second}).Get(c.prefix + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 1<<25))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", path, response.StatusCode)
	}
	c.cache[path] = data
	return data, nil
}

// c2spPath is a tile's path in C2SP's form: without the height that Go's sumdb puts into it.
func c2spPath(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
}

// Height, ReadTiles and SaveTiles make client a tlog.TileReader.
func (c *client) Height() int { return tileHeight }

func (c *client) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		served, err := c.get(c2spPath(tile))
		if err != nil {
			return nil, err
		}
		if len(served) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes", c2spPath(tile), len(served))
		}
		data[i] = served
	}
	return data, nil
}

func (c *client) SaveTiles([]tlog.Tile, [][]byte) {}

// bundle reads the entries of a level 0 tile: each behind its length of two bytes.
func (c *client) bundle(index, size int64) ([][]byte, error) {
	width := int64(1 << tileHeight)
	if rest := size - index*width; rest < width {
		width = rest
	}
	tile := tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)}
	path := strings.Replace(c2spPath(tile), "tile/0/", "tile/entries/", 1)
	data, err := c.get(path)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s: it ends within an entry", path)
		}
		length := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if int64(len(entries)) != width {
		return nil, fmt.Errorf("%s: %d entries", path, len(entries))
	}
	return entries, nil
}

// storedHashes are all hashes of the tree that the served entries make, in sumdb's order: a tlog.HashReader.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, errors.New("a hash beyond the tree")
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

// readEntries reads and hashes every entry.
func (c *client) readEntries(size int64) (leaves []tlog.Hash, tree storedHashes, err error) {
	for index := int64(0); int64(len(leaves)) < size; index++ {
		entries, err := c.bundle(index, size)
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range entries {
			leaf := tlog.RecordHash(entry)
			hashes, err := tlog.StoredHashesForRecordHash(int64(len(leaves)), leaf, tree)
			if err != nil {
				return nil, nil, err
			}
			leaves, tree = append(leaves, leaf), append(tree, hashes...)
		}
	}
	return leaves, tree, nil
}

// checkTiles reads every tile, and compares it with the one that the entries make. TileHashReader alone would not do: it does
// not check each tile of a tree with few tiles and a size of many bits.
func (c *client) checkTiles(size int64, tree storedHashes) (int, error) {
	tiles := tlog.NewTiles(tileHeight, 0, size)
	for _, tile := range tiles {
		served, err := c.ReadTiles([]tlog.Tile{tile})
		if err != nil {
			return 0, err
		}
		made, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(served[0], made) {
			return 0, fmt.Errorf("%s: not the tile that the entries make", c2spPath(tile))
		}
	}
	return len(tiles), nil
}

// checkInclusion reads an inclusion proof of each entry from the served tiles, and verifies it against the root.
func checkInclusion(tree tlog.Tree, leaves []tlog.Hash, hashes tlog.HashReader) error {
	for i, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(i), hashes)
		if err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), leaf); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	return nil
}

func verify(prefix, logKey string, witnessKeys []string, quorum int, oldFile string) (*report, error) {
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return nil, err
	}
	var witnesses []note.Verifier
	for _, key := range witnessKeys {
		witness, err := parseCosigner(key)
		if err != nil {
			return nil, err
		}
		witnesses = append(witnesses, witness)
	}
	c := &client{prefix: prefix, cache: map[string][]byte{}}
	message, err := c.get("checkpoint")
	if err != nil {
		return nil, err
	}
	tree, opened, err := openCheckpoint(message, log, witnesses, quorum)
	if err != nil {
		return nil, err
	}
	result := &report{Origin: log.Name(), Size: tree.N, Root: tree.Hash.String(), Entries: tree.N}
	for _, signature := range opened.Sigs {
		result.SignedBy = append(result.SignedBy, signature.Name)
	}

	leaves, stored, err := c.readEntries(tree.N)
	if err != nil {
		return nil, err
	}
	if result.Tiles, err = c.checkTiles(tree.N, stored); err != nil {
		return nil, err
	}
	hashes := tlog.TileHashReader(tree, c)
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return nil, fmt.Errorf("root: %w", err)
	}
	if root != tree.Hash {
		return nil, errors.New("root: the tiles have another one")
	}
	if err := checkInclusion(tree, leaves, hashes); err != nil {
		return nil, err
	}
	if oldFile == "" {
		return result, nil
	}

	message, err = os.ReadFile(oldFile)
	if err != nil {
		return nil, err
	}
	old, _, err := openCheckpoint(message, log, witnesses, quorum)
	if err != nil {
		return nil, fmt.Errorf("old %w", err)
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return nil, fmt.Errorf("consistency: %w", err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return nil, fmt.Errorf("consistency: %w", err)
	}
	result.ConsistentFrom = &old.N
	return result, nil
}

func main() {
	var witnesses values
	prefix := flag.String("url", "", "the log's address, without a slash at the end")
	logKey := flag.String("log", "", "the log's verifier key")
	flag.Var(&witnesses, "witness", "a witness's verifier key; may be given several times")
	quorum := flag.Int("quorum", 0, "how many witnesses must have cosigned")
	old := flag.String("old", "", "file with an older checkpoint that the log must go on from")
	flag.Parse()

	result, err := verify(*prefix, *logKey, witnesses, *quorum, *old)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
