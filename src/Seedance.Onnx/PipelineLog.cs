using Microsoft.Extensions.Logging;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx;

/// <summary>What the pipeline logs.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Made {Frames} frames of {Size} with seed {Seed}.")]
    public static partial void Generated(ILogger logger, int frames, VideoSize size, ulong seed);
}
