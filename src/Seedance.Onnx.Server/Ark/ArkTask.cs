using System.Text.Json.Serialization;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Ark;

/// <summary>A job as Ark tells it. It has a duration or a number of frames, as it was asked for. Times are seconds since 1970.</summary>
internal sealed record ArkTask(
    string Id,
    string Model,
    string Status,
    ArkTaskError? Error,
    long CreatedAt,
    long UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ArkTaskContent? Content,
    ulong Seed,
    string Resolution,
    string Ratio,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Duration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Frames,
    [property: JsonPropertyName("framespersecond")] int FramesPerSecond,
    string ServiceTier,
    long ExecutionExpiresAfter,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ArkTaskUsage? Usage)
{
    public static ArkTask Of(VideoJob job, SignedLinks links)
    {
        VideoOrder order = job.Order;
        bool done = job.Status == JobStatus.Succeeded;
        long tokens = (long)order.Width * order.Height * order.Frames / 1024;
        return new ArkTask(
            job.Id,
            job.Model,
            StatusOf(job.Status),
            job.Status == JobStatus.Failed ? new ArkTaskError(CodeOf(job.ErrorCode), job.ErrorMessage ?? "") : null,
            job.CreatedAt / 1000,
            job.UpdatedAt / 1000,
            done && job.FilesUntil is not null ? new ArkTaskContent(links.Of(job, "video.mp4"), order.ReturnLastFrame ? links.Of(job, "last.png") : null) : null,
            order.Seed,
            ArkShapes.ResolutionOf(order.Size),
            order.Ratio ?? ArkShapes.RatioOf(order.Size),
            order.InFrames ? null : (int)order.Seconds,
            order.InFrames ? order.Frames : null,
            order.Fps,
            job.ServiceTier,
            (job.Deadline - job.CreatedAt) / 1000,
            done ? new ArkTaskUsage(tokens, tokens) : null);
    }

    /// <summary>Ark's word for a state.</summary>
    public static string StatusOf(JobStatus status) => status.ToString().ToLowerInvariant();

    private static string CodeOf(string? code) => code == "invalid_request" ? "InvalidParameter" : "InternalServiceError";
}
