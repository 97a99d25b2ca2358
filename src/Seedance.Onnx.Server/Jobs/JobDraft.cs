using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>What a client asks for, in the terms of neither API, before it is planned. Immutable.</summary>
internal sealed record JobDraft
{
    /// <summary>What the job's id begins with.</summary>
    public required string IdPrefix { get; init; }

    public required string Model { get; init; }

    public required string Prompt { get; init; }

    public string? NegativePrompt { get; init; }

    /// <summary>The size; left to <see cref="Ratio"/>, the images and the pack if not specified.</summary>
    public VideoSize? Size { get; init; }

    public AspectRatio? Ratio { get; init; }

    /// <summary>How large it is to be, as in "720p": of the pack's sizes those with about as many pixels. Any if not specified.</summary>
    public int? Lines { get; init; }

    public int? Frames { get; init; }

    public double? Seconds { get; init; }

    /// <summary>Drawn if not specified, neither here nor in the prompt.</summary>
    public ulong? Seed { get; init; }

    public int? Steps { get; init; }

    public double? Guidance { get; init; }

    public double? Shift { get; init; }

    public bool FixedCamera { get; init; }

    public IReadOnlyList<DraftImage> Images { get; init; } = [];

    /// <summary>What the API takes of images; anything if not specified.</summary>
    public ImageRules? ImageRules { get; init; }

    public bool ReturnLastFrame { get; init; }

    public string? RatioName { get; init; }

    public string ServiceTier { get; init; } = VideoJob.DefaultTier;

    public string? RemixOf { get; init; }

    public string? CallbackUrl { get; init; }

    public int Priority { get; init; } = VideoJob.DefaultPriority;

    /// <summary>How long it may wait and run; the server's if not specified.</summary>
    public int? ExpirySeconds { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>The sha256 of the body, where there is a key.</summary>
    public string? RequestSum { get; init; }

    public required string BaseUrl { get; init; }

    /// <summary>Names of the API's parameters by the names of <see cref="Requests.VideoRequest"/>'s properties.</summary>
    public required IReadOnlyDictionary<string, string> ParameterNames { get; init; }
}
