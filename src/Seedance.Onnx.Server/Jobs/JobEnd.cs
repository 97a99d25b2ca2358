namespace Seedance.Onnx.Server.Jobs;

/// <summary>How a job ended.</summary>
/// <param name="Status">A state that is an end.</param>
/// <param name="Code">What went wrong, in a word; null where nothing did.</param>
/// <param name="Message">What went wrong, for the client.</param>
internal sealed record JobEnd(JobStatus Status, string? Code = null, string? Message = null)
{
    public static JobEnd Succeeded { get; } = new(JobStatus.Succeeded);

    public static JobEnd Cancelled { get; } = new(JobStatus.Cancelled, "cancelled", "The job was cancelled.");

    public static JobEnd Expired { get; } = new(JobStatus.Expired, "expired", "The job took longer, waiting and running, than it may. Give it more time, or ask when fewer wait.");

    public static JobEnd Failed(string code, string message) => new(JobStatus.Failed, code, message);
}
