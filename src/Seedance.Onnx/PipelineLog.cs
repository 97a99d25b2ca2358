using Microsoft.Extensions.Logging;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx;

/// <summary>What the pipeline logs.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Made {Frames} frames of {Size} with seed {Seed}.")]
    public static partial void Generated(ILogger logger, int frames, VideoSize size, ulong seed);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Opened pack {Pack} on {Provider}.")]
    public static partial void Opened(ILogger logger, string pack, string provider);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "{Notice}")]
    public static partial void Notice(ILogger logger, string notice);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "Provider {Provider} was skipped: it {Reason}")]
    public static partial void Skipped(ILogger logger, string provider, string reason);
}
