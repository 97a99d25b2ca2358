namespace Seedance.Onnx.Server.Jobs;

/// <summary>A row of the store: one video that somebody asked for. Times are milliseconds since 1970, UTC.</summary>
internal sealed class VideoJob
{
    /// <summary>The order of arrival.</summary>
    public long Number { get; set; }

    /// <summary>What clients call it. Nobody can guess it, and it is the name of the job's folder.</summary>
    public required string Id { get; set; }

    /// <summary>The name of the API key that asked; empty where the server has no keys.</summary>
    public required string Owner { get; set; }

    /// <summary>The model's name as the client wrote it.</summary>
    public required string Model { get; set; }

    /// <summary>Ark's service tier.</summary>
    public string ServiceTier { get; set; } = DefaultTier;

    public JobStatus Status { get; set; }

    /// <summary>From 0 to 9; higher ones go first.</summary>
    public int Priority { get; set; } = DefaultPriority;

    /// <summary>How often it was begun.</summary>
    public int Attempts { get; set; }

    /// <summary>How often it was taken, put back or not: the word of an attempt counts only while this is still its number.</summary>
    public int Claims { get; set; }

    /// <summary>Goes up for as long as whoever makes it lives, where others may have to take it over.</summary>
    public long Beats { get; set; }

    /// <summary>How far it was at the last beat; null where it does not run, or runs where the process that asks can look itself.</summary>
    public JobProgress? Progress { get; set; }

    /// <summary>Whether the broker has a message of it; never where there is none.</summary>
    public bool Offered { get; set; }

    public long CreatedAt { get; set; }

    public long UpdatedAt { get; set; }

    /// <summary>When it ended, well or not.</summary>
    public long? EndedAt { get; set; }

    /// <summary>When it expires, waiting or running.</summary>
    public long Deadline { get; set; }

    /// <summary>When its files go.</summary>
    public long? FilesUntil { get; set; }

    /// <summary>What is made.</summary>
    public required VideoOrder Order { get; set; }

    /// <summary>What went wrong, as a short word of both APIs' kind; null where nothing did.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>What went wrong, for the client.</summary>
    public string? ErrorMessage { get; set; }

    /// <summary>The client's own name of the request, so that it is not done twice.</summary>
    public string? IdempotencyKey { get; set; }

    /// <summary>The sha256 of the request that came with the key.</summary>
    public string? RequestSum { get; set; }

    /// <summary>Whom to tell of changes; null where nobody wants to hear.</summary>
    public string? CallbackUrl { get; set; }

    /// <summary>The last state that a callback told, or gave up to tell.</summary>
    public JobStatus Told { get; set; }

    /// <summary>Whether it has come to an end.</summary>
    public bool HasEnded => Status is not (JobStatus.Queued or JobStatus.Running);

    public const string DefaultTier = "default";
    public const int DefaultPriority = 5;
    public const int HighestPriority = 9;
}
