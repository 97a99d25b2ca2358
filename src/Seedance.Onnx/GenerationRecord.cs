using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx;

/// <summary>How a video was made, as it stands in the file's metadata: everything that was decided, so that the same pack makes the same video again. Immutable.</summary>
/// <remarks>Images are not in it, only their names: who repeats a video that had any must give them again.</remarks>
public sealed record GenerationRecord
{
    /// <summary>What <see cref="Images"/> calls a video that was gone on from.</summary>
    public const string InputVideo = "video";

    /// <summary>What <see cref="Images"/> calls a video whose semantics were taken.</summary>
    public const string SemanticsOf = "semantics_of";

    private const string Generator = "Seedance.Onnx";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private GenerationRecord()
    {
    }

    /// <summary>Name and version of the pack.</summary>
    public required string Pack { get; init; }

    /// <summary><see cref="ModelPack.Sum"/> of the pack.</summary>
    public required string PackSum { get; init; }

    /// <summary>What was asked for, with every default filled in, and without images.</summary>
    public required VideoRequest Request { get; init; }

    /// <summary>Names of the images that the video was made with, each with what it was: "video", "semantics_of", "first_frame", "last_frame" or "shot_frame". Empty for a video from words alone.</summary>
    public required ImmutableArray<KeyValuePair<string, string>> Images { get; init; }

    /// <summary>The record of a plan.</summary>
    /// <param name="plan">What is made.</param>
    /// <param name="pack">The pack that makes it.</param>
    /// <returns>The record.</returns>
    public static GenerationRecord Of(GenerationPlan plan, ModelPack pack)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(pack);
        return new GenerationRecord
        {
            Pack = $"{pack.Contract.Name} {pack.Contract.Version}",
            PackSum = pack.Sum,
            Request = new VideoRequest
            {
                Prompt = plan.Request.Prompt,
                Shots = [.. plan.Request.Shots.Select(shot => shot with { FirstFrame = null })],
                Camera = plan.Request.Camera,
                NegativePrompt = plan.NegativePrompt,
                Width = plan.Size.Width,
                Height = plan.Size.Height,
                Upscale = plan.Upscale == 1 ? null : plan.Upscale,
                Frames = plan.Frames,
                Seed = plan.Seed,
                Steps = plan.Schedule.Steps,
                // Two transformers have each their own where nobody asked; one number would be for both.
                Guidance = plan.SecondGuidance == plan.Guidance ? plan.Guidance : null,
                ImageGuidance = plan.ImageGuidance,
                GuidanceInterval = plan.GuidanceInterval == NoiseInterval.All ? null : plan.GuidanceInterval,
                GuidanceRescale = plan.GuidanceRescale == 0 ? null : plan.GuidanceRescale,
                OnlyNew = plan.Request.OnlyNew,
                Undistilled = plan.Request.Undistilled,
                // Who repeats a draft wants the video.
                StepCache = plan.Draft ? plan.Request.StepCache : plan.StepCache,
                AdaptiveSteps = plan.Adaptive?.Share,
                Shift = plan.Shift,
                NoiseScale = plan.NoiseScale == 1 ? null : plan.NoiseScale,
                Solver = plan.SolverKind,
                SolverOrder = plan.SolverOrder,
            },
            Images =
            [
                .. plan.Request.InputVideo is { } video ? [KeyValuePair.Create(InputVideo, Path.GetFileName(video.Path))] : Array.Empty<KeyValuePair<string, string>>(),
                .. plan.Request.SemanticsOf is { } source ? [KeyValuePair.Create(SemanticsOf, Path.GetFileName(source.Path))] : Array.Empty<KeyValuePair<string, string>>(),
                .. plan.Conditions.Select(condition => KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(condition.Kind.ToString()), Path.GetFileName(condition.Image!.Name))),
            ],
        };
    }

    /// <summary>Reads the record of a video file.</summary>
    /// <param name="videoPath">The file.</param>
    /// <param name="ffmpeg">Where FFmpeg is; PATH if not specified.</param>
    /// <param name="cancellationToken">Stops FFmpeg.</param>
    /// <returns>The record.</returns>
    /// <exception cref="InvalidRequestException">The file has none: its format keeps no metadata, or something else made it.</exception>
    /// <exception cref="MediaException">The file is no video that can be read.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg is missing.</exception>
    public static async Task<GenerationRecord> ReadAsync(string videoPath, FFmpegOptions? ffmpeg = null, CancellationToken cancellationToken = default)
    {
        VideoInfo info = await new VideoReader(FFmpegTool.Find(ffmpeg)).ProbeAsync(videoPath, cancellationToken).ConfigureAwait(false);
        return info.Metadata.TryGetValue("comment", out string? comment) && TryParse(comment, out GenerationRecord? record)
            ? record!
            : throw new InvalidRequestException([$"Video '{videoPath}' must say how it was made, but does not. Use an MP4 or WebM file that this program has written."]);
    }

    /// <summary>The metadata that tells it: the prompt as title, all the rest as JSON in the comment.</summary>
    /// <returns>Metadata by name.</returns>
    public IReadOnlyDictionary<string, string> ToMetadata() => new Dictionary<string, string>
    {
        ["title"] = Request.Prompt.Length > 0 ? Request.Prompt : string.Join(' ', Request.Shots.Select(shot => shot.Caption)),
        ["comment"] = ToJson(),
    };

    internal string ToJson() => JsonSerializer.Serialize(
        new Written
        {
            Generator = Generator,
            Pack = Pack,
            PackSha256 = PackSum,
            Prompt = Request.Prompt,
            Shots = Request.Shots.IsEmpty ? null : [.. Request.Shots.Select(shot => new WrittenShot(shot.Caption, shot.Duration?.TotalSeconds, shot.Camera?.ToName()))],
            Camera = Request.Camera?.ToName(),
            Negative = Request.NegativePrompt,
            Seed = Request.Seed!.Value,
            Size = new VideoSize(Request.Width!.Value, Request.Height!.Value).ToString(),
            Upscale = Request.Upscale,
            Frames = Request.Frames!.Value,
            Solver = Request.Solver!.Value.ToName(),
            Order = Request.SolverOrder!.Value,
            Steps = Request.Steps!.Value,
            Guidance = Request.Guidance,
            ImageGuidance = Request.ImageGuidance,
            GuidanceInterval = Request.GuidanceInterval?.ToString(),
            GuidanceRescale = Request.GuidanceRescale,
            OnlyNew = Request.OnlyNew ? true : null,
            Undistilled = Request.Undistilled ? true : null,
            StepCache = Request.StepCache,
            AdaptiveSteps = Request.AdaptiveSteps,
            Shift = Request.Shift!.Value,
            NoiseScale = Request.NoiseScale,
            Images = Images.IsEmpty ? null : [.. Images.Select(image => new WrittenImage(image.Key, image.Value))],
        },
        Json);

    /// <summary>Reads the JSON of a record; whatever is no such record gives false.</summary>
    internal static bool TryParse(string json, out GenerationRecord? record)
    {
        record = null;
        try
        {
            record = JsonSerializer.Deserialize<Written>(json, Json) is { Generator: Generator } written ? Read(written) : null;
        }
        catch (JsonException)
        {
            // Somebody else's comment.
        }

        return record is not null;
    }

    private static GenerationRecord? Read(Written written)
    {
        if (!VideoSize.TryParse(written.Size, out VideoSize size) || !SolverNames.TryParse(written.Solver, out SolverKind solver))
        {
            return null;
        }

        return new GenerationRecord
        {
            Pack = written.Pack,
            PackSum = written.PackSha256,
            Request = new VideoRequest
            {
                Prompt = written.Prompt,
                Shots = [.. (written.Shots ?? []).Select(shot => new ShotRequest { Caption = shot.Caption, Duration = shot.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null, Camera = Move(shot.Camera) })],
                Camera = Move(written.Camera),
                NegativePrompt = written.Negative,
                Width = size.Width,
                Height = size.Height,
                Upscale = written.Upscale,
                Frames = written.Frames,
                Seed = written.Seed,
                Steps = written.Steps,
                Guidance = written.Guidance,
                ImageGuidance = written.ImageGuidance,
                GuidanceInterval = NoiseInterval.TryParse(written.GuidanceInterval, out NoiseInterval interval) ? interval : null,
                GuidanceRescale = written.GuidanceRescale,
                OnlyNew = written.OnlyNew == true,
                Undistilled = written.Undistilled == true,
                StepCache = written.StepCache,
                AdaptiveSteps = written.AdaptiveSteps,
                Shift = written.Shift,
                NoiseScale = written.NoiseScale,
                Solver = solver,
                SolverOrder = written.Order,
            },
            Images = [.. (written.Images ?? []).Select(image => KeyValuePair.Create(image.Kind, image.Name))],
        };
    }

    private static CameraMove? Move(string? name) => CameraNames.TryParse(name, out CameraMove move) ? move : null;

    private sealed record WrittenShot(string Caption, double? Seconds, string? Camera);

    private sealed record WrittenImage(string Kind, string Name);

    private sealed record Written
    {
        public required string Generator { get; init; }

        public required string Pack { get; init; }

        [JsonPropertyName("pack_sha256")]
        public required string PackSha256 { get; init; }

        public required string Prompt { get; init; }

        public WrittenShot[]? Shots { get; init; }

        public string? Camera { get; init; }

        public string? Negative { get; init; }

        public required ulong Seed { get; init; }

        public required string Size { get; init; }

        public int? Upscale { get; init; }

        public required int Frames { get; init; }

        public required string Solver { get; init; }

        public required int Order { get; init; }

        public required int Steps { get; init; }

        public double? Guidance { get; init; }

        public double? ImageGuidance { get; init; }

        public string? GuidanceInterval { get; init; }

        public double? GuidanceRescale { get; init; }

        public bool? OnlyNew { get; init; }

        public bool? Undistilled { get; init; }

        public double? StepCache { get; init; }

        public double? AdaptiveSteps { get; init; }

        public required double Shift { get; init; }

        public double? NoiseScale { get; init; }

        public WrittenImage[]? Images { get; init; }
    }
}
