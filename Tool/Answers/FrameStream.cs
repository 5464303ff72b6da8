using System;
using System.Globalization;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Inputs;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>
/// Asks a model about videos frame by frame, and tells the running answer after each: a line a frame, as text or as JSON. Frames that the network will not look at are
/// not even decoded, and a network that leaves when it is sure ends the video.
/// </summary>
internal sealed class FrameStream(ToolContext tool, Model model, Budget budget, SessionOptions options, bool isJson)
{
    private readonly StreamSession _session = Begin(model, budget, options);

    /// <summary>Answers for one video.</summary>
    /// <param name="video">The video.</param>
    /// <param name="reader">Reads its frames.</param>
    /// <returns>The frames that were looked at, and those that there were; null when a frame could not be read, with which the answers end.</returns>
    public (int Read, int Count)? Run(FrameFiles video, InputReader reader)
    {
        _session.Reset();
        int taken = model.SampleShape[0];
        bool ownsOrder = model.ExitCount > 1;
        int count = ownsOrder ? taken : video.Count;
        int read = 0;
        for (int piece = 0; piece < count && _session.CanPush; piece++)
        {
            tool.Cancellation.ThrowIfCancellationRequested();

            // A network that asks for frames in its own order sees as many of the video as it was trained with.
            int frame = ownsOrder ? FrameFolders.Pick(_session.NextPiece, taken, video.Count) : piece;
            StreamAnswer answer;
            if (!_session.WillRead)
            {
                answer = _session.Skip();
            }
            else if (reader.Frame(video, frame) is { } bytes)
            {
                answer = _session.Push(bytes);
            }
            else
            {
                return null;
            }

            read += answer.IsRead ? 1 : 0;
            Tell(video.NameOf(frame), answer);
            if (ownsOrder && answer.IsSure)
            {
                break;
            }
        }

        return (read, video.Count);
    }

    private static StreamSession Begin(Model model, Budget budget, SessionOptions options)
    {
        try
        {
            return new StreamSession(model, budget, options);
        }
        catch (ArgumentException e)
        {
            throw new ToolException(ToolException.Reason(e), e);
        }
    }

    private void Tell(string name, StreamAnswer answer)
    {
        if (isJson)
        {
            using JsonDocumentWriter json = new(indented: false);
            tool.Terminal.WriteLine(json.Object().Text("input", name).Whole("piece", answer.Pieces).Text("label", model.LabelName(answer.Label)).Whole("class", answer.Label)
                .Number("confidence", answer.Confidence).Flag("sure", answer.IsSure).Flag("read", answer.IsRead).Whole("macs", answer.MacsExecuted)
                .Number("milliseconds", answer.Duration.TotalMilliseconds).EndObject().ToString());
        }
        else
        {
            string marks = (answer.IsRead ? "looked at" : "passed over") + (answer.IsSure ? ", sure" : string.Empty);
            tool.Terminal.WriteLine(SafeText.Clean(string.Create(
                CultureInfo.InvariantCulture,
                $"{answer.Pieces,5}  {name}  {model.LabelName(answer.Label)}  {Quantity.Percent(answer.Confidence)}  {Quantity.Scaled(answer.MacsExecuted)} MACs  {marks}")));
        }

        tool.Terminal.Flush();
    }
}
