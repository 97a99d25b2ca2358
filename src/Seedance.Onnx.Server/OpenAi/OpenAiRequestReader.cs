using System.Collections.Frozen;
using System.Text.Json;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;
using Seedance.Onnx.Server.Security;

namespace Seedance.Onnx.Server.OpenAi;

/// <summary>Reads what the OpenAI Videos API is asked, with the parameters that servers of open models take besides.</summary>
internal sealed class OpenAiRequestReader(JobIntake intake, ImageInput images, ServerOptions options)
{
    private const int LongestPrompt = 32_000;
    private const string IdPrefix = "video_";

    // What OpenAI's clients can write at all: where the pack has no such size, they stand for the shape.
    private static readonly string[] NamedSizes = ["720x1280", "1280x720", "1024x1792", "1792x1024"];

    /// <summary>What a plan calls its properties, in this API's words.</summary>
    private static readonly FrozenDictionary<string, string> ParameterNames = new Dictionary<string, string>
    {
        ["Prompt"] = "prompt",
        ["Text"] = "prompt",
        ["Shots"] = "prompt",
        ["NegativePrompt"] = "negative_prompt",
        ["Width"] = "size",
        ["Height"] = "size",
        ["Ratio"] = "size",
        ["Frames"] = "num_frames",
        ["Duration"] = "seconds",
        ["Steps"] = "num_inference_steps",
        ["Guidance"] = "guidance_scale",
        ["Shift"] = "flow_shift",
        ["FirstFrame"] = InputReference,
        ["LastFrame"] = LastFrame,
    }.ToFrozenDictionary();

    private const string InputReference = "input_reference";
    private const string LastFrame = "last_frame";

    /// <summary>Reads a creation.</summary>
    /// <exception cref="RequestProblemException">Something is wrong with it; everything is listed.</exception>
    public async Task<JobDraft> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        RequestBody body = await RequestBody.ReadAsync(context, options).ConfigureAwait(false);
        RequestFields fields = body.Fields;
        PackContract contract = intake.Contract;
        string? prompt = fields.Text("prompt", LongestPrompt, required: true);
        string model = fields.Text("model", 256) ?? contract.Name;
        (VideoSize? size, AspectRatio? ratio) = ReadSize(fields, contract);
        if (fields.Whole("fps", 1, 1000) is { } fps && fps != contract.Video.Fps)
        {
            fields.Refuse("fps", $"must be {contract.Video.Fps}, because the pack makes as many frames a second, but is {fps}. Leave it out.");
        }

        if (fields.Whole("n", 1, 1000) is > 1)
        {
            fields.Refuse("n", "must be 1. Send a request for each video.");
        }

        _ = fields.Text("user", 512);
        int? frames = (int?)fields.Whole("num_frames", 1, 1_000_000);
        double? seconds = fields.Number("seconds", 0.001, 1e6);
        JobDraft draft = new()
        {
            IdPrefix = IdPrefix,
            Model = model,
            Prompt = prompt ?? "",
            NegativePrompt = fields.Text("negative_prompt", LongestPrompt),
            Size = size,
            Ratio = ratio,
            Frames = frames,
            Seconds = frames is null ? seconds : null,
            Seed = (ulong?)fields.Whole("seed", 0, uint.MaxValue),
            Steps = (int?)fields.Whole("num_inference_steps", 1, VideoRequest.MaxSteps),
            Guidance = fields.Number("guidance_scale", 0, 100),
            Shift = fields.Number("flow_shift", 0.001, 1000),
            Priority = (int?)fields.Whole("priority", 0, VideoJob.HighestPriority) ?? VideoJob.DefaultPriority,
            IdempotencyKey = IdempotencyKey.Of(context),
            RequestSum = body.Sum,
            BaseUrl = Links.BaseOf(context, options),
            ParameterNames = ParameterNames,
        };
        ModelNames.Check(fields, "model", model, contract, options);
        body.CheckFiles(InputReference, LastFrame);
        DraftImage? first = await ReadImageAsync(body, OrderImage.FirstFrame, InputReference, cancellationToken).ConfigureAwait(false);
        DraftImage? last = await ReadImageAsync(body, OrderImage.LastFrame, LastFrame, cancellationToken).ConfigureAwait(false);
        fields.Finish();
        return draft with { Images = [.. new[] { first, last }.OfType<DraftImage>()] };
    }

    /// <summary>Reads a remix: the same video with another prompt.</summary>
    /// <exception cref="RequestProblemException">Something is wrong with it; everything is listed.</exception>
    public async Task<JobDraft> ReadRemixAsync(HttpContext context, VideoJob job, JobFiles files, CancellationToken cancellationToken)
    {
        RequestBody body = await RequestBody.ReadAsync(context, options).ConfigureAwait(false);
        string? prompt = body.Fields.Text("prompt", LongestPrompt, required: true);
        ulong? seed = (ulong?)body.Fields.Whole("seed", 0, uint.MaxValue);
        body.Fields.Finish();
        VideoOrder order = job.Order;
        List<DraftImage> given = [];
        foreach (OrderImage image in order.Images)
        {
            given.Add(new DraftImage(image.Role, await File.ReadAllBytesAsync(files.Image(job, image), cancellationToken).ConfigureAwait(false), image.Role == OrderImage.FirstFrame ? InputReference : LastFrame));
        }

        return new JobDraft
        {
            IdPrefix = IdPrefix,
            Model = job.Model,
            Prompt = prompt!,
            NegativePrompt = order.NegativePrompt,
            Size = order.Size,
            Frames = order.Frames,
            Seed = seed ?? order.Seed,
            Steps = order.Steps,
            Guidance = order.Guidance,
            Shift = order.Shift,
            FixedCamera = order.FixedCamera,
            Images = given,
            RemixOf = job.Id,
            IdempotencyKey = IdempotencyKey.Of(context),
            RequestSum = $"{job.Id} {body.Sum}",
            BaseUrl = Links.BaseOf(context, options),
            ParameterNames = ParameterNames,
        };
    }

    private static (VideoSize? Size, AspectRatio? Ratio) ReadSize(RequestFields fields, PackContract contract)
    {
        if (fields.Text("size", 32) is not { } text)
        {
            return (null, null);
        }

        if (!VideoSize.TryParse(text, out VideoSize size))
        {
            fields.Refuse("size", $"must be a size in pixels such as {contract.Video.Sizes[0]}, but is '{text}'.");
            return (null, null);
        }

        return NamedSizes.Contains(text) && !contract.Video.Sizes.Contains(size) ? (null, new AspectRatio(size.Width, size.Height)) : (size, null);
    }

    private async Task<DraftImage?> ReadImageAsync(RequestBody body, string role, string parameter, CancellationToken cancellationToken)
    {
        if (await body.ReadFileAsync(parameter, options, cancellationToken).ConfigureAwait(false) is { } bytes)
        {
            return images.Check(bytes, parameter, body.Fields.Problems) ? new DraftImage(role, bytes, parameter) : null;
        }

        if (body.Fields.Raw(parameter) is not { } json)
        {
            return null;
        }

        RequestFields inner = RequestFields.Of(json, textNumbers: true, parameter + ".", body.Fields.Problems);
        if (inner.Text("file_id", 256) is not null)
        {
            inner.Refuse("file_id", "must be left out, because this server keeps no files. Send the image itself, or image_url.");
        }

        string? url = ReadUrl(inner);
        inner.Close();
        return url is not null && await images.ReadAsync(url, inner.NameOf("image_url"), body.Fields.Problems, cancellationToken).ConfigureAwait(false) is { } read
            ? new DraftImage(role, read, parameter) : null;
    }

    /// <summary>image_url, or image_url.url as in chats.</summary>
    private string? ReadUrl(RequestFields inner)
    {
        int longest = ImageInput.LongestUrl(options);
        return inner.Raw("image_url") is { ValueKind: JsonValueKind.Object } nested
            ? RequestFields.Of(nested, textNumbers: false, inner.NameOf("image_url") + ".", inner.Problems).Text("url", longest, required: true)
            : inner.Text("image_url", longest);
    }
}
