using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx;

/// <summary>How the host wants a pipeline to run. Read once, when the pipeline is opened.</summary>
public sealed class PipelineOptions
{
    /// <summary>
    /// What graphs run on; lies over <see cref="Host"/>, which lies over what the pack advises, and in the end is the CPU. A graph that takes text,
    /// such as a tokenizer, runs on the CPU in any case, because no other provider holds text.
    /// </summary>
    public ExecutionTarget Target { get; set; } = ExecutionTarget.Unspecified;

    /// <summary>What the owner of this machine wants of every pipeline; nothing if not specified. <see cref="HostSettings.Read"/> reads it from a file.</summary>
    public HostSettings Host { get; set; } = HostSettings.None;

    /// <summary>
    /// The most bytes that weights and generations may be planned to take, beyond what the process holds already; <see cref="HostSettings.MemoryLimitBytes"/>
    /// if not specified. A clip that is planned to take more is decoded in smaller pieces, in tiles in the end, and refused before anything runs if that is
    /// still too much. On a card, its memory and the processor's are counted as one.
    /// </summary>
    [Range(1, long.MaxValue, ErrorMessage = "MemoryLimitBytes must be above 0, or not set.")]
    public long? MemoryLimitBytes { get; set; }

    /// <summary>
    /// How many generations may run at once, 1 to 64; others wait for their turn. 1 if not specified, because one uses all threads. They share the weights
    /// and the threads, so that this takes less memory than several pipelines.
    /// </summary>
    [Range(1, 64, ErrorMessage = "ConcurrentGenerations must be from 1 to 64.")]
    public int ConcurrentGenerations { get; set; } = 1;

    /// <summary>Whether every file of the pack is compared with its sha256 when the pack is opened; true if not specified.</summary>
    public bool VerifyFiles { get; set; } = true;

    /// <summary>
    /// Whether operators of the pack's graphs are fused for what they run on; true if not specified. Without, they run as they were exported, with guidance and solver around them: to
    /// measure what fusing gives.
    /// </summary>
    public bool FusesOperators { get; set; } = true;

    /// <summary>
    /// Whether the pack's distilled transformer is left out, so that its weights take no memory and all videos are <see cref="Requests.VideoRequest.Undistilled"/>; false if not specified: it is loaded then, and
    /// the one that it was distilled from when a request asks for it.
    /// </summary>
    public bool Undistilled { get; set; }

    /// <summary>Where FFmpeg is; looked for on PATH if not specified. It is needed to save files, not to make frames.</summary>
    public FFmpegOptions FFmpeg { get; set; } = new();

    /// <summary>What images that requests bring along may cost; the defaults of <see cref="MediaLimits"/> if not specified.</summary>
    public MediaLimits Media { get; set; } = new();

    /// <summary>Where the pipeline logs; nowhere if not specified.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The limit on memory that holds: the caller's, or the host's.</summary>
    internal long? MemoryLimit => MemoryLimitBytes ?? Host.MemoryLimitBytes;

    /// <summary>Opens a pack as the host wants it.</summary>
    internal ModelPack OpenPack(string path) => Undistilled ? ModelPack.Open(path).WithoutDistilled() : ModelPack.Open(path);

    /// <summary>Everything that is out of range or contradicts itself.</summary>
    internal IReadOnlyList<string> FindProblems()
    {
        List<ValidationResult> problems = [];
        _ = Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true);
        return [.. problems.Select(problem => problem.ErrorMessage!), .. Target.FindProblems(), .. Host.Execution.FindProblems()];
    }
}
