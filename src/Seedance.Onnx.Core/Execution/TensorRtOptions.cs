using System.Collections.Immutable;

namespace Seedance.Onnx.Execution;

/// <summary>How TensorRT builds and runs engines. Immutable. Not yet run on a card.</summary>
public sealed record TensorRtOptions
{
    /// <summary>
    /// Whether built engines are kept for the next start, in a folder of their own for each graph, set of shapes, precision, version and card. True
    /// if not specified: building one takes minutes.
    /// </summary>
    public bool EngineCache { get; init; } = true;

    /// <summary>Whether the times that kernels took while an engine was built are kept, in the same folder; true if not specified. The next build is faster.</summary>
    public bool TimingCache { get; init; } = true;

    /// <summary>The most bytes that one kernel of an engine may use to work in. The whole card if not specified.</summary>
    public long? WorkspaceBytes { get; init; }

    /// <summary>Whether normalisations stay in float32 where the rest is half precision; true if not specified, because their sums overflow in fp16.</summary>
    public bool LayerNormFp32 { get; init; } = true;

    /// <summary>The least nodes that make an engine; smaller groups are left to CUDA. 5 if not specified.</summary>
    public int MinSubgraphSize { get; init; } = 5;

    /// <summary>How often groups of nodes are looked for; 1000 if not specified.</summary>
    public int MaxPartitionIterations { get; init; } = 1000;

    /// <summary>0 to 5: how long to look for fast kernels. 3 if not specified; 5 for engines that are kept for long.</summary>
    public int BuilderLevel { get; init; } = 3;

    /// <summary>Streams beside the main one that an engine may use; −1 is TensorRT's choice, 0 takes the least memory. 0 if not specified.</summary>
    public int AuxiliaryStreams { get; init; }

    /// <summary>Whether the engines of one graph share the memory they work in; true if not specified.</summary>
    public bool ShareContextMemory { get; init; } = true;

    /// <summary>Whether the first run is recorded and replayed from then on. Only with shapes that never change: give every free axis one length in <see cref="Axes"/>. False if not specified.</summary>
    public bool CudaGraph { get; init; }

    /// <summary>Whether an engine runs on other cards than the one it was built on, somewhat slower; false if not specified.</summary>
    public bool HardwareCompatible { get; init; }

    /// <summary>Whether kernels for weights of which 2 in 4 are zero may be used; false if not specified.</summary>
    public bool Sparsity { get; init; }

    /// <summary>Whether an engine is written without its weights, which then come from the graph's file; false if not specified.</summary>
    public bool WeightStripped { get; init; }

    /// <summary>Operators that are left to CUDA, such as "GridSample". None if not specified.</summary>
    public ImmutableArray<string> ExcludedOperators { get; init; } = [];

    /// <summary>Whether a graph that stands for the built engine is written into the cache's folder; not if not specified.</summary>
    public EngineContext Context { get; init; }

    /// <summary>
    /// The lengths of free axes, by the letter that the pack's contract gives them. What is not here follows from the pack: its sizes, its longest
    /// clip, its prompts. A request outside makes ONNX Runtime build the engine again.
    /// </summary>
    public ImmutableSortedDictionary<string, AxisRange> Axes { get; init; } = ImmutableSortedDictionary<string, AxisRange>.Empty;

    /// <summary>Everything that is wrong with the values, or contradicts itself.</summary>
    internal IEnumerable<string> FindProblems()
    {
        const string subject = "of provider 'tensorrt' must be";
        if (WorkspaceBytes is <= 0)
        {
            yield return $"The workspace {subject} above 0 bytes, but is {WorkspaceBytes}. Leave it out for the whole card.";
        }

        foreach ((string name, int value, int least, int most) in new[]
        {
            ("smallest subgraph", MinSubgraphSize, 1, int.MaxValue), ("number of partition iterations", MaxPartitionIterations, 1, int.MaxValue),
            ("builder level", BuilderLevel, 0, 5), ("number of auxiliary streams", AuxiliaryStreams, -1, 16),
        })
        {
            if (value < least || value > most)
            {
                yield return $"The {name} {subject} {(most == int.MaxValue ? $"at least {least}" : $"from {least} to {most}")}, but is {value}.";
            }
        }

        foreach ((string letter, AxisRange range) in Axes)
        {
            if (!range.IsValid)
            {
                yield return $"Axis {letter} {subject} a length, or min ≤ opt ≤ max, from 1, but is {range}.";
            }
        }

        if (Context != EngineContext.None && !EngineCache)
        {
            yield return $"The engine cache {subject} on where a context is written, because that names the engine, but is off. Turn it on, or leave the context out.";
        }

        if (WeightStripped && Context == EngineContext.Embedded)
        {
            yield return $"The context {subject} external for an engine without weights, but is embedded. Write it beside the engine.";
        }
    }
}
