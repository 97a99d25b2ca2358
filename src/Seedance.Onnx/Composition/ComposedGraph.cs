using Seedance.Onnx.Graphs;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Composition;

/// <summary>A graph as a pipeline runs it: the pack's own with what runs before and behind it, rewritten for what it runs on.</summary>
/// <param name="Contract">What goes in and out; its file is the full path in the cache, or, where it is in memory only, that of the pack's graph.</param>
/// <param name="Target">What it runs on.</param>
/// <param name="Key">Changes with everything that it was made from.</param>
/// <param name="Source">The graph; read when someone wants to know it.</param>
/// <param name="IsInFile">Whether it is in a file; otherwise it could not be written.</param>
internal sealed record ComposedGraph(GraphContract Contract, ResolvedTarget Target, string Key, Lazy<OnnxModel> Source, bool IsInFile)
{
    /// <summary>The graph; large weights are still in their files.</summary>
    /// <exception cref="ModelFileException">Its file is no longer there.</exception>
    public OnnxModel Model => Source.Value;

    /// <summary>Loads it.</summary>
    /// <param name="packFolder">The folder of the pack that it was made from.</param>
    /// <param name="engine">What TensorRT must know of it; null for nothing.</param>
    /// <exception cref="ModelPackException">ONNX Runtime cannot load it, or it is not what the pack declares.</exception>
    public GraphSession Open(string packFolder, EngineSetup? engine) => IsInFile
        ? GraphSession.Open(packFolder, Contract, Target, engine)
        : GraphSession.Open(Model.ToBytes(), packFolder, Contract, Target, engine);
}
