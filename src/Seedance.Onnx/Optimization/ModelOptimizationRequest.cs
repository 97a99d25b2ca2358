using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Optimization;

/// <summary>Which graph or pack is rewritten, for what, and how that is measured.</summary>
public sealed record ModelOptimizationRequest
{
    /// <summary>The most sets of inputs that a rewriting is measured with.</summary>
    public const int MaxSamples = 1000;

    /// <summary>The graph's file, or the pack's folder. Never changed.</summary>
    public required string Input { get; init; }

    /// <summary>The file or folder to write. It appears only once it is whole; tensors beyond 1.5 GiB go into a file beside it.</summary>
    public required string Output { get; init; }

    /// <summary>Whether an output that exists is replaced. If not specified, false: it is refused.</summary>
    public bool Overwrite { get; init; }

    /// <summary>What it is to run on. If not specified, the processor.</summary>
    public GraphTarget Target { get; init; } = GraphTarget.Cpu;

    /// <summary>What its numbers become. If not specified, they stay as they are.</summary>
    public GraphPrecision Precision { get; init; } = GraphPrecision.Float32;

    /// <summary>Nodes that keep their precision, by name; "*" stands for any characters. None if not specified. Each must match a node that would be converted.</summary>
    public ImmutableArray<string> Keep { get; init; } = [];

    /// <summary>
    /// How many nodes keep their precision because converting them alone does the most harm; in a pack, in each graph. 0 if not specified. It
    /// takes a run for each node.
    /// </summary>
    public int SensitiveKeeps { get; init; }

    /// <summary>The graphs of a pack that are rewritten, by role; the others are copied. All if not specified. Not for a graph's file.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>
    /// Sets of inputs that the graph runs on before and after, 0 to <see cref="MaxSamples"/>. 2 if not specified. With 0 nothing runs: differences are not
    /// measured, and no node keeps its precision because its values are too large for half precision.
    /// </summary>
    public int Samples { get; init; } = 2;

    /// <summary>Shapes of a graph's inputs in those runs; small ones are assumed for what is not said. For a graph's file only: a pack knows its own.</summary>
    public ShapeBindings Shapes { get; init; } = ShapeBindings.None;

    /// <summary>.npy files with values for a graph's inputs, by name; numbers are made up for the others. For a graph's file only.</summary>
    public ImmutableSortedDictionary<string, string> InputFiles { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What the graph runs on to be measured. If not specified, the CPU.</summary>
    public ExecutionTarget Runtime { get; init; } = ExecutionTarget.Cpu;

    /// <summary>
    /// Whether what was written and measured is then compiled by TensorRT: the output's graph stands for an engine that it holds, for this machine's card,
    /// driver and TensorRT, and opens without a build. For target tensorrt only. False if not specified. Not yet run on a card.
    /// </summary>
    public bool Compile { get; init; }

    /// <summary>What it is compiled with: device and TensorRT's options, of which <see cref="TensorRtOptions.Axes"/> says for which lengths.</summary>
    public ExecutionTarget CompileTarget { get; init; } = new() { Providers = [ExecutionProvider.TensorRt] };

    /// <summary>Whether the input is a pack.</summary>
    internal bool IsPack => Directory.Exists(Input);

    /// <summary>Everything that can be known to be wrong before a file is opened.</summary>
    internal List<string> FindProblems()
    {
        List<string> problems = [.. FindOutputProblems()];
        if (Precision == GraphPrecision.Int8 && Target != GraphTarget.Cpu)
        {
            problems.Add($"Precision int8 must be for target cpu, the only one with kernels for it, but the target is {Target.ToName()}. Take fp16, int8-weights or int4 there.");
        }

        if (Precision is GraphPrecision.Weights8 or GraphPrecision.Weights4 && Target == GraphTarget.TensorRt)
        {
            problems.Add($"Precision {Precision.ToName()} must be for target cpu, cuda or webgpu, but the target is tensorrt, which knows no packed weights. Take fp16 there.");
        }

        if (Compile && Target != GraphTarget.TensorRt)
        {
            problems.Add($"A graph to compile must be for target tensorrt, but the target is {Target.ToName()}. Choose the target, or do without compiling.");
        }

        if (Samples is < 0 or > MaxSamples)
        {
            problems.Add($"Samples must be from 0 to {MaxSamples}, but are {Samples}.");
        }

        if (SensitiveKeeps < 0 || (SensitiveKeeps > 0 && (Samples == 0 || Precision == GraphPrecision.Float32)))
        {
            problems.Add($"Sensitive nodes to keep must be at least 0, and 0 without runs or a conversion, but are {SensitiveKeeps}. Choose a precision, and let it run.");
        }

        if (Precision == GraphPrecision.Float32 && !Keep.IsEmpty)
        {
            problems.Add($"Nodes to keep must come with a precision other than fp32, but are '{string.Join("', '", Keep)}'. Choose a precision.");
        }

        problems.AddRange(InputFiles.Where(file => !File.Exists(file.Value)).Select(file => $"The values of input '{file.Key}' must be in a file, but '{file.Value}' does not exist."));
        if (IsPack && (!InputFiles.IsEmpty || !Shapes.Inputs.IsEmpty || !Shapes.Axes.IsEmpty))
        {
            problems.Add("Shapes and inputs must be given for a graph's file only, but the input is a pack, which knows its own. Leave them out.");
        }

        if (!IsPack && !Roles.IsEmpty)
        {
            problems.Add($"Graphs must be chosen in a pack only, but '{string.Join("', '", Roles)}' are chosen and the input is no folder. Leave them out.");
        }

        return problems;
    }

    private IEnumerable<string> FindOutputProblems()
    {
        string input = RealPath(Input), output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Output)), real = RealPath(output);
        if (real == input || IsInside(input, real) || IsInside(real, input))
        {
            yield return $"Output '{Output}' must lie apart from the input, which is never changed, but does not. Choose another name.";
        }
        else if (!Overwrite && Path.Exists(output))
        {
            yield return $"Output '{Output}' must not exist, but does. Choose another name, or allow it to be overwritten.";
        }
        else if (IsPack ? File.Exists(output) : Directory.Exists(output))
        {
            yield return $"Output '{Output}' must be a {(IsPack ? "folder" : "file")}, as the input is, but is none. Choose another name.";
        }
        else if (IsPack && Directory.Exists(output) && !File.Exists(Path.Combine(output, "seedance.json")) && Directory.EnumerateFileSystemEntries(output).Any())
        {
            yield return $"Output '{Output}' must be a pack or empty to be overwritten, but has no seedance.json. Choose another name.";
        }
        else if (Path.GetDirectoryName(output) is not { } folder || !Directory.Exists(folder))
        {
            yield return $"Output '{Output}' must be in a folder that exists, but is not. Create it or choose another folder.";
        }
    }

    /// <summary>The path with every link followed, whether the file is there or not.</summary>
    private static string RealPath(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(path) is not { } parent)
        {
            return path;
        }

        string real = Path.Combine(RealPath(parent), Path.GetFileName(path));
        FileSystemInfo entry = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
        return entry.LinkTarget is null ? real : entry.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? real;
    }

    private static bool IsInside(string folder, string path) => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
