using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.OpenAi;

/// <summary>A job as the OpenAI Videos API tells it. What follows <paramref name="Error"/> is extensions, named like the parameters of a request. Times are seconds since 1970.</summary>
internal sealed record OpenAiVideo(
    string Id,
    string Object,
    string Model,
    string Status,
    int Progress,
    long CreatedAt,
    long? CompletedAt,
    long? ExpiresAt,
    string Size,
    string Seconds,
    string Prompt,
    string? RemixedFromVideoId,
    OpenAiVideoError? Error,
    ulong Seed,
    int NumFrames,
    int Fps,
    int? NumInferenceSteps,
    double? GuidanceScale,
    double? FlowShift,
    string? NegativePrompt,
    IReadOnlyList<string> Images)
{
    public static OpenAiVideo Of(VideoJob job, JobProgress? progress)
    {
        VideoOrder order = job.Order;
        return new OpenAiVideo(
            job.Id,
            "video",
            job.Model,
            job.Status switch
            {
                JobStatus.Queued => "queued",
                JobStatus.Running => "in_progress",
                JobStatus.Succeeded => "completed",
                _ => "failed",
            },
            job.Status == JobStatus.Succeeded ? 100 : job.Status == JobStatus.Running ? progress?.Percent ?? 0 : 0,
            job.CreatedAt / 1000,
            job.Status == JobStatus.Succeeded ? job.EndedAt / 1000 : null,
            job.FilesUntil / 1000,
            order.Size.ToString(),
            order.Seconds >= 1 ? Math.Floor(order.Seconds).ToString() : order.Seconds.ToString("0.###"),
            order.Prompt,
            order.RemixOf,
            job is { HasEnded: true, Status: not JobStatus.Succeeded } ? new OpenAiVideoError(job.ErrorCode ?? "failed", job.ErrorMessage ?? "") : null,
            order.Seed,
            order.Frames,
            order.Fps,
            order.Steps,
            order.Guidance,
            order.Shift,
            order.NegativePrompt,
            [.. order.Images.Select(image => image.Role)]);
    }
}
