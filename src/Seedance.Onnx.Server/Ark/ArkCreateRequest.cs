using System.ComponentModel;

namespace Seedance.Onnx.Server.Ark;

/// <summary>The body of a creation as the OpenAPI document tells it; <see cref="ArkRequestReader"/> reads it field by field, to name everything that is wrong.</summary>
internal sealed record ArkCreateRequest
{
    [Description("Any name, unless the server's owner says which ones.")]
    public required string Model { get; init; }

    [Description("One text, with weak flags such as --seed 11 in it, and up to two images: {type: text, text} and {type: image_url, image_url: {url}, role: first_frame or last_frame}.")]
    public required IReadOnlyList<object> Content { get; init; }

    [Description("480p, 720p, 1080p, or one that the pack makes; where the pack makes none of this size, its nearest.")]
    public string? Resolution { get; init; }

    [Description("16:9, 4:3, 1:1, 3:4, 9:16, 21:9 or, with an image, adaptive.")]
    public string? Ratio { get; init; }

    [Description("Seconds, 2 to 12 as far as the pack goes.")]
    public int? Duration { get; init; }

    [Description("The length in frames; counts more than the duration.")]
    public int? Frames { get; init; }

    [Description("From -1, which stands for any.")]
    public long? Seed { get; init; }

    [Description("Whether the camera stands still.")]
    public bool? CameraFixed { get; init; }

    [Description("Must be false: none is drawn.")]
    public bool? Watermark { get; init; }

    [Description("Must be false: the pack makes no sound.")]
    public bool? GenerateAudio { get; init; }

    [Description("Must be false: the pack makes no drafts.")]
    public bool? Draft { get; init; }

    [Description("Must be empty.")]
    public IReadOnlyList<object>? Tools { get; init; }

    [Description("Whether the last frame is kept as a PNG picture.")]
    public bool? ReturnLastFrame { get; init; }

    [Description("An https address that is told of each change.")]
    public string? CallbackUrl { get; init; }

    [Description("default, or flex, which goes behind.")]
    public string? ServiceTier { get; init; }

    [Description("Seconds from 3600 to 259200 after which the task expires.")]
    public int? ExecutionExpiresAfter { get; init; }

    [Description("0 to 9; higher ones go first.")]
    public int? Priority { get; init; }

    [Description("Whom the client asks for; not used.")]
    public string? SafetyIdentifier { get; init; }

    [Description("Must be mp4.")]
    public string? OutputFormat { get; init; }
}
