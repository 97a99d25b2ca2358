using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Stages;

/// <summary>What the text stage hands on: one row for each branch.</summary>
/// <remarks>It owns what it is made of; disposing it disposes that.</remarks>
internal sealed class TextCondition(GraphOutputs features, HostTensor mask, HostTensor shots) : IDisposable
{
    /// <summary>Text features, [G, S, D] float32.</summary>
    public HostTensor States => features["last_hidden_state"];

    /// <summary>1 where a token is, 0 where a row is filled up, [G, S] int64.</summary>
    public HostTensor Mask => mask;

    /// <summary>The shot that each token speaks of, [G, S] int64.</summary>
    public HostTensor Shots => shots;

    /// <inheritdoc/>
    public void Dispose()
    {
        features.Dispose();
        mask.Dispose();
        shots.Dispose();
    }
}
