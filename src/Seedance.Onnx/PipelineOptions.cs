using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;

namespace Seedance.Onnx;

/// <summary>How the host wants a pipeline to run. Read once, when the pipeline is opened.</summary>
public sealed class PipelineOptions
{
    /// <summary>
    /// What graphs run on; the CPU if not specified. A graph that takes text, such as a tokenizer, runs on the CPU in any case, because no other
    /// provider holds text.
    /// </summary>
    public ExecutionTarget Target { get; set; } = ExecutionTarget.Cpu;

    /// <summary>Processor threads that one graph may use, 1 to 1024; those of <see cref="Target"/> if not specified.</summary>
    [Range(1, 1024, ErrorMessage = "Threads must be from 1 to 1024, or not set.")]
    public int? Threads { get; set; }

    /// <summary>Whether every file of the pack is compared with its sha256 when the pack is opened; true if not specified.</summary>
    public bool VerifyFiles { get; set; } = true;

    /// <summary>Where FFmpeg is; looked for on PATH if not specified. It is needed to save files, not to make frames.</summary>
    public FFmpegOptions FFmpeg { get; set; } = new();

    /// <summary>Where the pipeline logs; nowhere if not specified.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }
}
