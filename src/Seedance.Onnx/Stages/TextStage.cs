using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Captions become features: one text graph, or tokenizer and text encoder one after the other.</summary>
/// <param name="tokenizer">The tokenizer; null where it is part of the encoder's graph, which then takes one caption a branch. Borrowed.</param>
/// <param name="encoder">The text encoder, or the text graph; borrowed.</param>
/// <param name="maxTokens">The most tokens of a branch.</param>
internal sealed class TextStage(GraphSession? tokenizer, GraphSession encoder, int maxTokens)
{
    /// <summary>Turns the captions of all branches into features.</summary>
    /// <param name="branches">The rows of the batch.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>The features; the caller disposes them.</returns>
    /// <exception cref="InvalidRequestException">A branch has more tokens than the encoder reads.</exception>
    public TextCondition Run(IReadOnlyList<PlannedBranch> branches, CancellationToken cancellationToken)
    {
        using StringTensor text = StringTensor.From([.. branches.SelectMany(branch => branch.Captions)]);
        Dictionary<string, GraphTensor> inputs = new(StringComparer.Ordinal) { ["text"] = text };
        if (tokenizer is null)
        {
            return OfTextGraph(encoder.Run(inputs, cancellationToken));
        }

        using GraphOutputs tokens = tokenizer.Run(inputs, cancellationToken);
        return Encode(LayOut(branches, tokens), tokens.Elapsed, cancellationToken);
    }

    private TextCondition OfTextGraph(GraphOutputs features)
    {
        try
        {
            RequireShort(features[ComposedTensors.TokenCount].AsSpan<long>().ToArray());
            HostTensor mask = features["attention_mask"], shots = HostTensor.Allocate(ElementType.Int64, [.. mask.Shape]);
            shots.AsSpan<long>().Clear();
            return new TextCondition(features, mask, shots, runs: 1, features.Elapsed);
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }

    private TextCondition Encode(TokenRows tokens, TimeSpan before, CancellationToken cancellationToken)
    {
        HostTensor? mask = null, shots = null;
        try
        {
            mask = HostTensor.From<long>(tokens.Mask, tokens.Shape);
            shots = HostTensor.From<long>(tokens.Shots, tokens.Shape);
            using HostTensor ids = HostTensor.From<long>(tokens.Ids, tokens.Shape);
            GraphOutputs features = encoder.Run(encoder.Contract.PickInputs(("input_ids", ids), ("attention_mask", mask), ("shot_ids", shots)), cancellationToken);
            return new TextCondition(features, mask, shots, runs: 2, before + features.Elapsed);
        }
        catch
        {
            mask?.Dispose();
            shots?.Dispose();
            throw;
        }
    }

    /// <summary>Tokens of all captions, laid out by branch.</summary>
    private TokenRows LayOut(IReadOnlyList<PlannedBranch> branches, GraphOutputs tokens)
    {
        TokenRows rows = TokenRows.Of([.. branches.Select(branch => branch.Captions.Length)], tokens["input_ids"].AsSpan<long>(), tokens["attention_mask"].AsSpan<long>(),
            encoder.Contract.FindInput("input_ids")?.Axes[^1].Length ?? 1);
        RequireShort([.. Enumerable.Range(0, branches.Count).Select(row => (long)rows.CountOf(row))]);
        return rows;
    }

    /// <summary>Refuses branches that the encoder cannot read whole.</summary>
    private void RequireShort(IEnumerable<long> counts)
    {
        string[] problems = [.. counts.Where(count => count > maxTokens)
            .Select(count => $"Prompt must be at most {maxTokens} tokens, but has {count}. Shorten it.").Distinct(StringComparer.Ordinal)];
        if (problems.Length > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }
}
