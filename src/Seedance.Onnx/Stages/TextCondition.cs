using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Stages;

/// <summary>What the text stage hands on: one row for each branch.</summary>
/// <remarks>It owns what it is made of; disposing it disposes that.</remarks>
/// <param name="tokens">What made the tokens: the tokenizer, or the text graph.</param>
/// <param name="features">What made the features: the text encoder, or the text graph again.</param>
/// <param name="shots">The shot of each token.</param>
internal sealed class TextCondition(GraphOutputs tokens, GraphOutputs features, HostTensor shots) : IDisposable
{
    /// <summary>Text features, [G, S, D] float32.</summary>
    public HostTensor States => features["last_hidden_state"];

    /// <summary>1 where a token is, 0 where a row is filled up, [G, S] int64.</summary>
    public HostTensor Mask => tokens["attention_mask"];

    /// <summary>The shot that each token speaks of, [G, S] int64.</summary>
    public HostTensor Shots => shots;

    /// <summary>How many runs of graphs made it.</summary>
    public int Runs => tokens == features ? 1 : 2;

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns => tokens == features ? features.Elapsed : tokens.Elapsed + features.Elapsed;

    /// <inheritdoc/>
    public void Dispose()
    {
        tokens.Dispose();
        features.Dispose();
        shots.Dispose();
    }
}
