using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Seedance.Onnx.Media;

namespace Seedance.Onnx;

/// <summary>How the host wants a pipeline to run. Read once, when the pipeline is opened.</summary>
public sealed class PipelineOptions
{
    /// <summary>Threads that one graph may use, 1 to 1024; one a core if not specified.</summary>
    [Range(1, 1024)]
    public int? Threads { get; set; }

    /// <summary>Whether every file of the pack is compared with its sha256 when the pack is opened; true if not specified. It takes about a second for 1 GB.</summary>
    public bool VerifyFiles { get; set; } = true;

    /// <summary>Where FFmpeg is; looked for on PATH if not specified. It is needed to save files, not to make frames.</summary>
    public FFmpegOptions FFmpeg { get; set; } = new();

    /// <summary>Where the pipeline logs; nowhere if not specified.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }
}
