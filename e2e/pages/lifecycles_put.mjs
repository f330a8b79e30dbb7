await client
  .putBucketLifecycleConfiguration({
    Bucket: "testBucket",
    LifecycleConfiguration: {
      Rules: [
        // Example: deleting objects on a specific date
        // Delete 2019 documents in 2024
        {
          ID: "Delete 2019 Documents",
          Status: "Enabled",
          Filter: {
            Prefix: "2019/",
          },
          Expiration: {
            Date: new Date("2024-01-01"),
          },
        },
        // Example: transitioning objects to Infrequent Access storage by age
        // Transition objects older than 30 days to Infrequent Access storage
        {
          ID: "Transition Objects To Infrequent Access",
          Status: "Enabled",
          Transitions: [
            {
              Days: 30,
              StorageClass: "STANDARD_IA",
            },
          ],
        },
        // Example: deleting objects by age
        // Delete logs older than 90 days
        {
          ID: "Delete Old Logs",
          Status: "Enabled",
          Filter: {
            Prefix: "logs/",
          },
          Expiration: {
            Days: 90,
          },
        },
        // Example: abort all incomplete multipart uploads after a week
        {
          ID: "Abort Incomplete Multipart Uploads",
          Status: "Enabled",
          AbortIncompleteMultipartUpload: {
            DaysAfterInitiation: 7,
          },
        },
        // Example: abort user multipart uploads after a day
        {
          ID: "Abort User Incomplete Multipart Uploads",
          Status: "Enabled",
          Filter: {
            Prefix: "useruploads/",
          },
          AbortIncompleteMultipartUpload: {
            // For uploads matching the prefix, this rule will take precedence
            // over the one above due to its earlier expiration.
            DaysAfterInitiation: 1,
          },
        },
      ],
    },
  })
  .promise();
