using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Stages;

/// <summary>What the text stage hands on: one row for each branch.</summary>
/// <param name="States">Text features, [G, S, D] float32.</param>
/// <param name="Mask">1 where a token is, 0 where a row is filled up, [G, S] int64.</param>
/// <param name="Shots">The shot that each token speaks of, [G, S] int64.</param>
/// <remarks>Disposing it disposes the tensors.</remarks>
internal sealed record TextCondition(HostTensor States, HostTensor Mask, HostTensor Shots) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        States.Dispose();
        Mask.Dispose();
        Shots.Dispose();
    }
}
