using Seedance.Onnx.Ort;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>Does steps that run one transformer on one set of branches, between two states that take turns.</summary>
internal interface IStepLane : IDisposable
{
    /// <summary>The graph that it runs.</summary>
    GraphSession Graph { get; }

    /// <summary>How many steps it did.</summary>
    int Runs { get; }

    /// <summary>The time that those took inside ONNX Runtime.</summary>
    TimeSpan InRuns { get; }

    /// <summary>Does a step: reads one state and writes the other.</summary>
    /// <param name="step">The step; its branches are those of the lane.</param>
    /// <param name="from">Which state it reads, 0 or 1.</param>
    /// <param name="isLast">Whether no run of the graph follows soon.</param>
    /// <param name="cancellationToken">Stops it inside the run.</param>
    void Run(SolverStep step, int from, bool isLast, CancellationToken cancellationToken);
}
