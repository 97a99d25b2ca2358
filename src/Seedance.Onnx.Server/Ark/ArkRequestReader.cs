using System.Collections.Frozen;
using System.Text.Json;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Reads what Ark is asked. Parameters of the body are strict; flags in the prompt are weak, which is the plan's business.</summary>
internal sealed class ArkRequestReader(JobIntake intake, ArkContentReader contents, ServerOptions options, TimeProvider time)
{
    // Ark's own ranges, which the pack's narrow.
    private const int ShortestSeconds = 2;
    private const int LongestSeconds = 12;
    private const int DefaultSeconds = 5;
    private const int LeastExpiry = 3600;
    private const int MostExpiry = 259_200;
    private const int FlexPriority = 2;

    private static readonly ImageRules ImageRules = new(ShortestSide: 300, LongestSide: 6000, Narrowest: 0.4, Widest: 2.5);

    /// <summary>What a plan calls its properties, in this API's words.</summary>
    private static readonly FrozenDictionary<string, string> ParameterNames = new Dictionary<string, string>
    {
        ["Prompt"] = "content",
        ["Text"] = "content",
        ["Shots"] = "content",
        ["Width"] = "resolution",
        ["Height"] = "resolution",
        ["Ratio"] = "ratio",
        ["Frames"] = "frames",
        ["Duration"] = "duration",
        ["FirstFrame"] = "content",
        ["LastFrame"] = "content",
        ["References"] = "content",
    }.ToFrozenDictionary();

    /// <summary>Reads a creation.</summary>
    /// <exception cref="RequestProblemException">Something is wrong with it; everything is listed.</exception>
    public async Task<JobDraft> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new RequestProblemException(ProblemKind.UnsupportedMedia, $"The body must be application/json, but is '{context.Request.ContentType}'.");
        }

        RequestBody body = await RequestBody.ReadJsonAsync(context, textNumbers: false).ConfigureAwait(false);
        RequestFields fields = body.Fields;
        PackContract contract = intake.Contract;
        string? model = fields.Text("model", 256, required: true);
        ModelNames.Check(fields, "model", model ?? contract.Name, contract, options);
        ArkContent content = await contents.ReadAsync(fields, cancellationToken).ConfigureAwait(false);
        PromptText flags = PromptText.Parse(content.Text);
        string? ratio = ReadRatio(fields, content.Images.Count > 0, flags);
        string? resolution = fields.Word("resolution", [.. ArkShapes.Resolutions.Union(contract.Video.Sizes.Select(ArkShapes.ResolutionOf))]);
        (int? frames, int? seconds) = ReadLength(fields, flags);
        string tier = fields.Word("service_tier", "default", "flex") ?? VideoJob.DefaultTier;
        JobDraft draft = new()
        {
            IdPrefix = $"cgt-{time.GetUtcNow():yyyyMMddHHmmss}-",
            Model = model ?? "",
            Prompt = content.Text,
            Ratio = AspectRatio.TryParse(ratio, out AspectRatio shape) ? shape : null,
            RatioName = ratio == ArkShapes.Adaptive ? null : ratio,
            Lines = resolution is null ? null : int.Parse(resolution[..^1]),
            Frames = frames,
            Seconds = seconds,
            Seed = fields.Whole("seed", -1, uint.MaxValue) is >= 0 and var seed ? (ulong)seed : null,
            FixedCamera = fields.Truth("camera_fixed") ?? false,
            ReturnLastFrame = fields.Truth("return_last_frame") ?? false,
            ServiceTier = tier,
            CallbackUrl = ReadCallback(fields),
            Priority = (int?)fields.Whole("priority", 0, VideoJob.HighestPriority) ?? (tier == "flex" ? FlexPriority : VideoJob.DefaultPriority),
            ExpirySeconds = (int?)fields.Whole("execution_expires_after", LeastExpiry, MostExpiry),
            Images = content.Images,
            ImageRules = ImageRules,
            IdempotencyKey = IdempotencyKey.Of(context),
            RequestSum = body.Sum,
            BaseUrl = Links.BaseOf(context, options),
            ParameterNames = ParameterNames,
        };
        ReadUnserved(fields);
        fields.Finish();
        return draft;
    }

    /// <summary>Parameters of later models: values that ask for nothing are taken.</summary>
    private static void ReadUnserved(RequestFields fields)
    {
        fields.OnlyFalse("watermark", "this server draws none.");
        fields.OnlyFalse("generate_audio", "the pack makes no sound.");
        fields.OnlyFalse("draft", "the pack makes no drafts.");
        _ = fields.Text("safety_identifier", 64);
        _ = fields.Word("output_format", "mp4");
        if (fields.Raw("tools") is { } tools && (tools.ValueKind != JsonValueKind.Array || tools.GetArrayLength() > 0))
        {
            fields.Refuse("tools", "must be an empty list or left out: the pack uses none.");
        }
    }

    private static string? ReadRatio(RequestFields fields, bool hasImages, PromptText flags)
    {
        string? ratio = fields.Word("ratio", ArkShapes.Ratios);
        if (ratio == ArkShapes.Adaptive && !hasImages)
        {
            fields.Refuse("ratio", "must be a ratio where there is no image to adapt to, but is adaptive.", ProblemKind.Invalid);
        }

        return ratio ?? (hasImages || flags is not { Ratio: null, Size: null, ShortSide: null } ? ArkShapes.Adaptive : "16:9");
    }

    /// <summary>Frames count more than seconds. Where neither is there, flags in the prompt may still say.</summary>
    private (int? Frames, int? Seconds) ReadLength(RequestFields fields, PromptText flags)
    {
        double longest = (double)intake.LongestFrames / intake.Contract.Video.Fps;
        int most = Math.Max((int)Math.Min(LongestSeconds, longest), 1);
        int? seconds = (int?)fields.Whole("duration", Math.Min(ShortestSeconds, most), most);
        int? frames = (int?)fields.Whole("frames", 1, 1_000_000);
        return frames is not null ? (frames, null) : (null, seconds ?? (flags is { Frames: null, Duration: null } ? Math.Min(DefaultSeconds, most) : null));
    }

    private string? ReadCallback(RequestFields fields)
    {
        if (fields.Text("callback_url", 2048) is not { } url)
        {
            return null;
        }

        if (options.CallbackSecret is null)
        {
            fields.Refuse("callback_url", "must be left out: this server signs no callbacks, because its owner has set no callback_secret.");
            return null;
        }

        if (Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && address.UserInfo.Length == 0 && (address.Scheme == Uri.UriSchemeHttps || options.AllowsPrivate(address.Host)))
        {
            return url;
        }

        fields.Refuse("callback_url", "must be an https URL without a user, but is not.");
        return null;
    }
}
