namespace Seedance.Onnx.Server;

/// <summary>What the server logs. Prompts and keys are not in it.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Method} {Path} failed ({RequestId}).")]
    public static partial void Failed(ILogger logger, string requestId, string method, string path, Exception error);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Job {Id} came from '{Owner}': {Size}, {Frames} frames.")]
    public static partial void Came(ILogger logger, string id, string owner, string size, int frames);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "Job {Id} begins, attempt {Attempt}{From}.")]
    public static partial void Begins(ILogger logger, string id, int attempt, string from);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "Job {Id} ended: {Status} after {Seconds:0.0} s.")]
    public static partial void Ended(ILogger logger, string id, string status, double seconds);

    [LoggerMessage(EventId = 5, Level = LogLevel.Error, Message = "Job {Id} failed.")]
    public static partial void JobFailed(ILogger logger, string id, Exception error);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "The last process ended in the middle of its work: {Again} jobs go on, {Failed} have failed too often.")]
    public static partial void Recovered(ILogger logger, int again, int failed);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "Job {Id}: kept latents cannot be used and are made again: {Reason}")]
    public static partial void LatentsLost(ILogger logger, string id, string reason);

    [LoggerMessage(EventId = 8, Level = LogLevel.Warning, Message = "The round of cleaning failed; the next one tries again.")]
    public static partial void CleaningFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 9, Level = LogLevel.Error, Message = "The pack cannot be opened; no job can be made.")]
    public static partial void PackFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "A preview of job {Id} could not be made: {Reason}")]
    public static partial void PreviewFailed(ILogger logger, string id, string reason);

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning, Message = "A callback of job {Id} was not taken: {Reason}")]
    public static partial void CallbackFailed(ILogger logger, string id, string reason);

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "{Reason} Jobs wait in the store until it is there again.")]
    public static partial void BrokerLost(ILogger logger, string reason);

    [LoggerMessage(EventId = 14, Level = LogLevel.Information, Message = "The broker is there again.")]
    public static partial void BrokerFound(ILogger logger);

    [LoggerMessage(EventId = 15, Level = LogLevel.Warning, Message = "The store failed, and is asked again: {Reason}")]
    public static partial void StoreFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 16, Level = LogLevel.Warning, Message = "The broker has {Messages} messages of priority {Priority}, fewer than jobs wait: {Jobs} are offered again.")]
    public static partial void MessagesLost(ILogger logger, int priority, int messages, int jobs);

    [LoggerMessage(EventId = 17, Level = LogLevel.Warning, Message = "Job {Id}: its worker was silent for {Seconds} s; {Then}.")]
    public static partial void TakenOver(ILogger logger, string id, int seconds, string then);

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message = "Worker's loop failed; it goes on.")]
    public static partial void WorkerFailed(ILogger logger, Exception error);
}
