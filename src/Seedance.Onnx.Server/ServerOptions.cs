using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Seedance.Onnx.Server;

/// <summary>
/// What the owner of a server decides. Read once, when it starts. The descriptions here are the only ones: <see cref="ServerSettings"/> makes the command line's options, the
/// variables and the keys of the settings file of them, and the README's table.
/// </summary>
public sealed class ServerOptions
{
    /// <summary>Where the server listens.</summary>
    [Description("Where it listens; several addresses are separated by a semicolon. Anything but this machine's own addresses needs API keys")]
    public string Urls { get; set; } = "http://127.0.0.1:8040";

    /// <summary>The port on the loopback address, instead of <see cref="Urls"/>; 0 is any that is free.</summary>
    [Description("Listen on this port of 127.0.0.1, instead of the URLs; 0 is any that is free")]
    [Range(0, 65535)]
    public int? Port { get; set; }

    /// <summary>The address that clients reach the server under, for the links that it hands out.</summary>
    [Description("The address that clients reach it under, for links to results behind a proxy; the one that a request came to if not said")]
    [Url]
    public string? PublicUrl { get; set; }

    /// <summary>The certificate of https addresses.</summary>
    [Description("A PEM file with the certificate of https addresses")]
    public string? Certificate { get; set; }

    /// <summary>The key of <see cref="Certificate"/>.</summary>
    [Description("A PEM file with the certificate's key; the certificate's file if not said")]
    public string? CertificateKey { get; set; }

    /// <summary>The folder of jobs and results.</summary>
    [Description("The folder of jobs and results; made if it is not there. One server at a time holds it, or all servers and workers that share a store")]
    [OfWorkers]
    public string DataFolder { get; set; } = "seedance-data";

    /// <summary>Where jobs are kept that several machines share.</summary>
    [Description("PostgreSQL, as a connection string (Host=…;Database=…;Username=…;Password=…), that holds the jobs of several machines; a file in the data folder if not said")]
    [OfWorkers]
    public string? Store { get; set; }

    /// <summary>Where workers take jobs from.</summary>
    [Description("RabbitMQ, as amqp://USER:PASSWORD@HOST:PORT/VHOST, that hands jobs to workers on other machines, with the store beside it; the server makes the videos itself if not said")]
    [RegularExpression("amqps?://.+", ErrorMessage = "an address that begins with amqp:// or amqps://")]
    [OfWorkers]
    public string? Broker { get; set; }

    /// <summary>How long a worker may be silent, in seconds.</summary>
    [Description("How long a worker of another machine may be silent, in seconds, before its jobs are given to others")]
    [Range(2, 3600)]
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>How many jobs run at once.</summary>
    [Description("How many videos are made at once; one uses all threads")]
    [Range(1, 64)]
    [OfWorkers]
    public int Workers { get; set; } = 1;

    /// <summary>Jobs that may wait.</summary>
    [Description("How many jobs may wait; more are answered with 429")]
    [Range(1, 1_000_000)]
    public int MaxQueued { get; set; } = 1000;

    /// <summary>How often a job is begun before it fails.</summary>
    [Description("How often a job is begun, where the server ends in the middle of it, before it counts as failed")]
    [Range(1, 1000)]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>The longest that a job may run, in seconds.</summary>
    [Description("The longest that a video may take to make, in seconds")]
    [Range(1, 604_800)]
    [OfWorkers]
    public int JobSeconds { get; set; } = 3600;

    /// <summary>The longest that a job may wait and run, in seconds, where its client does not say.</summary>
    [Description("How long a job may wait and run before it expires, in seconds, where its client does not say")]
    [Range(1, 2_592_000)]
    public int ExpirySeconds { get; set; } = 172_800;

    /// <summary>How long results are kept, in seconds.</summary>
    [Description("How long a finished video can be downloaded, in seconds")]
    [Range(1, 31_536_000)]
    [OfWorkers]
    public int ResultSeconds { get; set; } = 86_400;

    /// <summary>How long records are kept, in seconds.</summary>
    [Description("How long a finished job is remembered, in seconds; a cancelled one no longer than its video would be")]
    [Range(1, 31_536_000)]
    public int RecordSeconds { get; set; } = 604_800;

    /// <summary>How long a running job may go on after the server was told to end, in seconds.</summary>
    [Description("How long running jobs may go on after SIGTERM, in seconds; then they stop, and go on after the next start")]
    [Range(0, 86_400)]
    [OfWorkers]
    public int DrainSeconds { get; set; } = 30;

    /// <summary>The largest body of a request in MiB.</summary>
    [Description("The largest body of a request, in MiB")]
    [Range(1, 1024)]
    public int MaxBodyMib { get; set; } = 64;

    /// <summary>The largest image in MiB.</summary>
    [Description("The largest image, in MiB, uploaded or fetched")]
    [Range(1, 1024)]
    [OfWorkers]
    public int MaxImageMib { get; set; } = 30;

    /// <summary>The most pixels of an image, in millions.</summary>
    [Description("The most pixels of an image that is decoded, in millions")]
    [Range(1, 1000)]
    [OfWorkers]
    public int MaxImageMegapixels { get; set; } = 40;

    /// <summary>The most pixels of a frame of a video.</summary>
    [Description("The most pixels of a video's frame; four times those of the pack's largest size if not said")]
    [Range(1, 67_108_864)]
    public int? MaxFramePixels { get; set; }

    /// <summary>The most frames of a video.</summary>
    [Description("The most frames of a video; as many as the pack makes at once if not said, though it may make longer ones")]
    [Range(1, 1_000_000)]
    public int? MaxFrames { get; set; }

    /// <summary>Names of models that clients may ask for.</summary>
    [Description("Names of models that it answers to beside the pack's own, separated by semicolons; any name if not said")]
    public string? Models { get; set; }

    /// <summary>Connections at once.</summary>
    [Description("How many connections may be open at once")]
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 1000;

    /// <summary>Requests of a key in a minute.</summary>
    [Description("How many requests a key may send in a minute, where the file of keys does not say")]
    [Range(1, 1_000_000)]
    public int RequestsPerMinute { get; set; } = 6000;

    /// <summary>Requests of a key at once.</summary>
    [Description("How many requests a key may have open at once, where the file of keys does not say")]
    [Range(1, 100_000)]
    public int ConcurrentRequests { get; set; } = 256;

    /// <summary>Whether looks are sent to those who watch a job.</summary>
    [Description("Whether pictures of a video in the making are made for those who watch it")]
    [OfWorkers]
    public bool Previews { get; set; } = true;

    /// <summary>Whether the metrics and traces are sent over OTLP, and where.</summary>
    [Description("An OTLP collector that metrics and traces are sent to, such as http://127.0.0.1:4317; none if not said")]
    [Url]
    [OfWorkers]
    public string? OtlpEndpoint { get; set; }

    /// <summary>What callbacks are signed with.</summary>
    [Description("The secret that callbacks are signed with, which whoever receives them must know; without it no callback is taken")]
    [OfWorkers]
    public string? CallbackSecret { get; set; }

    /// <summary>Hosts that may be reached although their addresses are private.</summary>
    [Description("Hosts, separated by semicolons, that callbacks and images may come from and go to although their addresses are private, and without https; none if not said")]
    [OfWorkers]
    public string? PrivateHosts { get; set; }

    /// <summary>Whether several processes share store, broker and data folder; otherwise one does it all, and nobody else.</summary>
    internal bool IsCluster => Broker is not null;

    /// <summary>How often a job that runs tells so: never, where nobody could take it over.</summary>
    internal TimeSpan BetweenBeats => IsCluster ? TimeSpan.FromSeconds(1) : Timeout.InfiniteTimeSpan;

    /// <summary>Whether a host may be reached although its address is private.</summary>
    internal bool AllowsPrivate(string host) => PrivateHosts?.Split(';', StringSplitOptions.TrimEntries).Contains(host, StringComparer.OrdinalIgnoreCase) == true;
}
