using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Stages;

/// <summary>What the text stage hands on: one row for each branch.</summary>
/// <remarks>It owns what it is made of; disposing it disposes that.</remarks>
/// <param name="features">What made the features, the text encoder or the text graph.</param>
/// <param name="mask">Which tokens there are.</param>
/// <param name="shots">The shot of each token.</param>
/// <param name="runs">How many runs of graphs made it.</param>
/// <param name="inRuns">The time that those runs took.</param>
internal sealed class TextCondition(GraphOutputs features, HostTensor mask, HostTensor shots, int runs, TimeSpan inRuns) : IDisposable
{
    /// <summary>Text features, [G, S, D] float32.</summary>
    public HostTensor States => features["last_hidden_state"];

    /// <summary>1 where a token is, 0 where a row is filled up, [G, S] int64.</summary>
    public HostTensor Mask => mask;

    /// <summary>The shot that each token speaks of, [G, S] int64.</summary>
    public HostTensor Shots => shots;

    /// <summary>How many runs of graphs made it.</summary>
    public int Runs => runs;

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns => inRuns;

    /// <inheritdoc/>
    public void Dispose()
    {
        features.Dispose();
        mask.Dispose();
        shots.Dispose();
    }
}
