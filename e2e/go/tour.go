// The tour of tests/test_every_sdk.py with aws-sdk-go-v2.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

var (
	everything = context.Background()
	bucket     = aws.String(os.Getenv("BUCKET"))
	client     = s3.New(s3.Options{
		Region: "auto",
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("ACCESS_KEY_ID"), os.Getenv("SECRET_ACCESS_KEY"), ""),
		EndpointResolver: s3.EndpointResolverFromURL(os.Getenv("CAIRN_ENDPOINT")),
		// No name below the tests' host is looked up.
		UsePathStyle: true,
		Retryer:      aws.NopRetryer{},
	})
)

type description struct {
	Type     *string           `json:"type"`
	Cache    *string           `json:"cache"`
	Length   int64             `json:"length"`
	Metadata map[string]string `json:"metadata"`
}

type listing struct {
	Keys     []string `json:"keys"`
	Prefixes []string `json:"prefixes"`
	Pages    int      `json:"pages"`
}

type refusal struct {
	Code   string `json:"code"`
	Status int    `json:"status"`
}

// The program ends with what went wrong; the test shows it.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func put(key, body string) *s3.PutObjectOutput {
	return must(client.PutObject(everything, &s3.PutObjectInput{
		Bucket: bucket, Key: &key, Body: strings.NewReader(body)}))
}

func get(input s3.GetObjectInput) (string, *s3.GetObjectOutput) {
	input.Bucket = bucket
	output := must(client.GetObject(everything, &input))
	defer output.Body.Close()
	return string(must(io.ReadAll(output.Body))), output
}

func text(key string) string {
	body, _ := get(s3.GetObjectInput{Key: &key})
	return body
}

func describe(key string) description {
	head := must(client.HeadObject(everything, &s3.HeadObjectInput{Bucket: bucket, Key: &key}))
	return description{head.ContentType, head.CacheControl, head.ContentLength, head.Metadata}
}

func list(input s3.ListObjectsV2Input) listing {
	input.Bucket = bucket
	all := listing{Keys: []string{}, Prefixes: []string{}}
	pages := s3.NewListObjectsV2Paginator(client, &input)
	for pages.HasMorePages() {
		page := must(pages.NextPage(everything))
		for _, entry := range page.Contents {
			all.Keys = append(all.Keys, *entry.Key)
		}
		for _, entry := range page.CommonPrefixes {
			all.Prefixes = append(all.Prefixes, *entry.Prefix)
		}
		all.Pages++
	}
	return all
}

func refused(err error) refusal {
	seen := refusal{"accepted", 200}
	var code smithy.APIError
	if errors.As(err, &code) {
		seen.Code = code.ErrorCode()
	}
	var status *http.ResponseError
	if errors.As(err, &status) {
		seen.Status = status.HTTPStatusCode()
	}
	return seen
}

func refusals(etag *string) map[string]refusal {
	refusedGet := func(input s3.GetObjectInput) refusal {
		_, err := client.GetObject(everything, &input)
		return refused(err)
	}
	_, missingHead := client.HeadObject(everything, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("missing")})
	_, notEmpty := client.DeleteBucket(everything, &s3.DeleteBucketInput{Bucket: bucket})
	described := aws.String("described")
	return map[string]refusal{
		"missingKey":    refusedGet(s3.GetObjectInput{Bucket: bucket, Key: aws.String("missing")}),
		"missingHead":   refused(missingHead),
		"notModified":   refusedGet(s3.GetObjectInput{Bucket: bucket, Key: described, IfNoneMatch: etag}),
		"failedMatch":   refusedGet(s3.GetObjectInput{Bucket: bucket, Key: described, IfMatch: aws.String(`"other"`)}),
		"notEmpty":      refused(notEmpty),
		"missingBucket": refusedGet(s3.GetObjectInput{Bucket: aws.String(*bucket + "-missing"), Key: described}),
	}
}

func copies(seen map[string]any) {
	source := aws.String(*bucket + "/described")
	must(client.CopyObject(everything, &s3.CopyObjectInput{
		Bucket: bucket, CopySource: source, Key: aws.String("copy")}))
	seen["copy"] = map[string]any{"body": text("copy"), "head": describe("copy")}
	must(client.CopyObject(everything, &s3.CopyObjectInput{
		Bucket: bucket, CopySource: source, Key: aws.String("replaced"),
		MetadataDirective: types.MetadataDirectiveReplace, ContentType: aws.String("text/x-other"),
		Metadata: map[string]string{"colour": "red"}}))
	seen["replaced"] = describe("replaced")
}

func large(seen map[string]any) {
	file := must(os.Open(os.Getenv("FILE")))
	defer file.Close()
	must(manager.NewUploader(client).Upload(everything, &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("large"), Body: file}))
	back := manager.NewWriteAtBuffer(nil)
	must(manager.NewDownloader(client).Download(everything, back, &s3.GetObjectInput{
		Bucket: bucket, Key: aws.String("large")}))
	digest := sha256.Sum256(back.Bytes())
	head := must(client.HeadObject(everything, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("large")}))
	seen["large"] = map[string]any{"etag": head.ETag, "sha256": hex.EncodeToString(digest[:])}
}

func deletions(seen map[string]any, keys []string) {
	var objects []types.ObjectIdentifier
	for _, key := range append(keys, "never/was") {
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	deleted := must(client.DeleteObjects(everything, &s3.DeleteObjectsInput{
		Bucket: bucket, Delete: &types.Delete{Objects: objects}}))
	seen["deleted"] = len(deleted.Deleted)
	seen["left"] = list(s3.ListObjectsV2Input{}).Keys
}

func links(seen map[string]any) {
	presigner := s3.NewPresignClient(client)
	key := aws.String(os.Getenv("LINKED"))
	seen["links"] = map[string]string{
		"get": must(presigner.PresignGetObject(everything, &s3.GetObjectInput{Bucket: bucket, Key: key})).URL,
		"put": must(presigner.PresignPutObject(everything, &s3.PutObjectInput{Bucket: bucket, Key: key})).URL,
	}
}

func main() {
	var keys []string
	if err := json.Unmarshal([]byte(os.Getenv("KEYS")), &keys); err != nil {
		log.Fatal(err)
	}
	seen := map[string]any{}
	must(client.CreateBucket(everything, &s3.CreateBucketInput{Bucket: bucket}))
	bodies := []string{}
	for _, key := range keys {
		put(key, "body of "+key)
		bodies = append(bodies, text(key))
	}
	seen["bodies"] = bodies
	seen["listed"] = list(s3.ListObjectsV2Input{MaxKeys: 3})
	for _, key := range []string{"tree/leaf", "tree/left/leaf", "tree/right/leaf"} {
		put(key, "")
	}
	seen["tree"] = list(s3.ListObjectsV2Input{Prefix: aws.String("tree/"), Delimiter: aws.String("/")})

	described := must(client.PutObject(everything, &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("described"), Body: bytes.NewReader([]byte("0123456789")),
		ContentType: aws.String("text/x-digits"), CacheControl: aws.String("no-cache"),
		Metadata: map[string]string{"colour": "green"}}))
	seen["etag"] = described.ETag
	seen["head"] = describe("described")
	body, output := get(s3.GetObjectInput{Key: aws.String("described"), Range: aws.String("bytes=-3")})
	seen["range"] = map[string]any{"body": body, "range": output.ContentRange}

	copies(seen)
	large(seen)
	seen["refusals"] = refusals(described.ETag)
	deletions(seen, keys)
	links(seen)
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		log.Fatal(err)
	}
}
