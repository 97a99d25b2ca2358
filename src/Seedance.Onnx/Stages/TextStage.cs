using Seedance.Onnx.Ort;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Captions become features: tokenizer graph, then text encoder graph.</summary>
internal sealed class TextStage(GraphSession tokenizer, GraphSession encoder, int maxTokens)
{
    /// <summary>Turns the captions of all branches into features.</summary>
    /// <param name="branches">The rows of the batch.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>The features; the caller disposes them.</returns>
    /// <exception cref="InvalidRequestException">A branch has more tokens than the encoder reads.</exception>
    public TextCondition Run(IReadOnlyList<PlannedBranch> branches, CancellationToken cancellationToken)
    {
        TokenRows tokens = Tokenize(branches, cancellationToken);
        HostTensor? mask = null, shots = null;
        try
        {
            mask = HostTensor.From<long>(tokens.Mask, tokens.Shape);
            shots = HostTensor.From<long>(tokens.Shots, tokens.Shape);
            using HostTensor ids = HostTensor.From<long>(tokens.Ids, tokens.Shape);
            GraphOutputs features = encoder.Run(encoder.Contract.PickInputs(("input_ids", ids), ("attention_mask", mask), ("shot_ids", shots)), cancellationToken);
            return new TextCondition(features, mask, shots);
        }
        catch
        {
            mask?.Dispose();
            shots?.Dispose();
            throw;
        }
    }

    /// <summary>Tokens of all captions in one run, laid out by branch; refuses branches that the encoder cannot read whole.</summary>
    private TokenRows Tokenize(IReadOnlyList<PlannedBranch> branches, CancellationToken cancellationToken)
    {
        using StringTensor text = StringTensor.From([.. branches.SelectMany(branch => branch.Captions)]);
        using GraphOutputs tokens = tokenizer.Run(new Dictionary<string, GraphTensor> { ["text"] = text }, cancellationToken);
        TokenRows rows = TokenRows.Of([.. branches.Select(branch => branch.Captions.Length)], tokens["input_ids"].AsSpan<long>(), tokens["attention_mask"].AsSpan<long>(),
            encoder.Contract.FindInput("input_ids")?.Axes[^1].Length ?? 1);
        string[] problems = [.. Enumerable.Range(0, branches.Count).Where(row => rows.CountOf(row) > maxTokens)
            .Select(row => $"Prompt must be at most {maxTokens} tokens, but has {rows.CountOf(row)}. Shorten it.").Distinct(StringComparer.Ordinal)];
        return problems.Length == 0 ? rows : throw new InvalidRequestException(problems);
    }
}
